"""The folder store under crashes, races, a full disk and a read-only folder."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.state.records import a_record

from reconcile.problem import Problem
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.folder import FolderStore
from reconcile.state.stores.store import Holder

US = Holder("run-2", "marie", "poste-2", os.getpid(), "2026-03-29T16:00:00+00:00")

HOLD = """
import sys
from pathlib import Path
from reconcile.state.stores.folder import FolderStore
from reconcile.state.stores.store import Holder
paul = Holder("run-1", "paul", "poste-1", 4242, "2026-03-29T15:59:00+00:00")
with FolderStore(Path(sys.argv[1])).lock("spf55", paul):
    print("held", flush=True)
    sys.stdin.read()
"""

COUNT = """
import sys
from pathlib import Path
from reconcile.problem import Problem
from reconcile.state.stores.folder import FolderStore
store = FolderStore(Path(sys.argv[1]))
sys.stdin.readline()
won = lost = 0
while won < 20:
    try:
        store.write(store.read("spf55"))
        won += 1
    except Problem as problem:
        assert problem.code == "STA04", problem
        lost += 1
print(won, lost)
"""


@contextlib.contextmanager
def python(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", script, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_a_federation_nobody_touched_has_no_state(store: FolderStore) -> None:
    assert store.read("spf55") is None
    assert store.federations() == []


def test_each_write_moves_the_serial_by_one(store: FolderStore, fresh: Snapshot) -> None:
    first = store.write(fresh.put(a_record()))
    second = store.write(first)
    assert (first.serial, second.serial) == (1, 2)
    assert store.read("spf55") == second
    assert store.federations() == ["spf55"]


def test_whoever_read_before_somebody_elses_write_is_refused(store: FolderStore, fresh: Snapshot) -> None:
    store.write(fresh)
    with pytest.raises(Problem) as refusal:
        store.write(fresh)
    assert (refusal.value.code, refusal.value.exit_code) == ("STA04", 4)


def test_another_lineage_never_replaces_a_state(store: FolderStore, fresh: Snapshot) -> None:
    kept = store.write(fresh)
    with pytest.raises(Problem) as refusal:
        store.write(dataclasses.replace(kept, lineage="lineage-2"))
    assert refusal.value.code == "STA04"
    assert store.read("spf55") == kept


def test_a_federations_file_under_another_name_is_refused(store: FolderStore, fresh: Snapshot, tmp_path: Path) -> None:
    store.write(fresh)
    shutil.copy(tmp_path / "federations/spf55.json", tmp_path / "federations/spf13.json")
    with pytest.raises(Problem) as refusal:
        store.read("spf13")
    assert refusal.value.code == "STA02"


def test_a_full_disk_leaves_the_old_state_whole(
    store: FolderStore, fresh: Snapshot, tmp_path: Path, no_room_beyond: Callable[[int], AbstractContextManager[None]]
) -> None:
    kept = store.write(fresh)
    bigger = kept
    for number in range(50):
        bigger = bigger.put(a_record(f"box{number}"))
    with no_room_beyond(4096), pytest.raises(Problem) as refusal:
        store.write(bigger)
    assert refusal.value.code == "STA01"
    assert store.read("spf55") == kept
    assert sorted(path.name for path in (tmp_path / "federations").iterdir()) == [".writing", "spf55.json"]
    assert store.write(bigger).serial == 2


def test_what_a_killed_writer_left_half_written_is_swept_away(
    store: FolderStore, fresh: Snapshot, tmp_path: Path
) -> None:
    kept = store.write(fresh)
    (tmp_path / "federations" / ".spf55.json.0badcafe").write_bytes(b"{")
    assert store.read("spf55") == kept
    assert store.federations() == ["spf55"]
    store.write(kept)
    assert sorted(path.name for path in (tmp_path / "federations").iterdir()) == [".writing", "spf55.json"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real filesystem of 64 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("mounting a small filesystem needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_a_filesystem_that_fills_up_leaves_the_old_state_whole(small_disk: Path, fresh: Snapshot) -> None:
    store = FolderStore(small_disk)
    kept = store.write(fresh.put(a_record()))
    with contextlib.suppress(OSError):
        (small_disk / "filler").write_bytes(bytes(64 * 1024))
    with pytest.raises(Problem) as refusal:
        store.write(kept.put(a_record("other", phone="0102030405" * 800)))
    assert refusal.value.code == "STA01"
    assert "No room left" in refusal.value.message
    assert store.read("spf55") == kept


def test_a_full_disk_refuses_the_lock_in_words(
    store: FolderStore, no_room_beyond: Callable[[int], AbstractContextManager[None]]
) -> None:
    with no_room_beyond(0), pytest.raises(Problem) as refusal, store.lock("spf55", US):
        pytest.fail("a lock without room for its holder's name")
    assert refusal.value.code == "STA01"
    with store.lock("spf55", US):
        pass


def test_a_folder_that_cannot_be_listed_is_not_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "federations").write_text("not a folder")
    with pytest.raises(Problem) as refusal:
        FolderStore(tmp_path).federations()
    assert refusal.value.code == "STA06"


def test_a_read_only_disk_is_named_and_its_state_still_read(small_disk: Path, fresh: Snapshot) -> None:
    store = FolderStore(small_disk)
    kept = store.write(fresh.put(a_record()))
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    with pytest.raises(Problem) as refusal:
        store.write(kept)
    assert refusal.value.code == "STA06"
    assert "Read-only" in refusal.value.message
    assert store.read("spf55") == kept


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere; the read-only disk above stands for it")
def test_a_folder_one_may_not_write_to_is_named(store: FolderStore, fresh: Snapshot, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(Problem) as refusal:
        store.write(fresh)
    assert refusal.value.code == "STA06"


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path, fresh: Snapshot) -> None:
    (tmp_path / "spfstate").write_text("not a folder")
    with pytest.raises(Problem) as refusal:
        FolderStore(tmp_path / "spfstate").write(fresh)
    assert refusal.value.code == "STA06"


def test_a_held_lock_names_its_holder(store: FolderStore, tmp_path: Path) -> None:
    with python(HOLD, str(tmp_path)) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(Problem) as refusal, store.lock("spf55", US):
            pytest.fail("two runs hold one lock")
        assert (refusal.value.code, refusal.value.exit_code) == ("STA05", 4)
        for detail in ("spf55", "paul", "poste-1", "4242", "2026-03-29T15:59:00"):
            assert detail in refusal.value.message
        assert [str(slug) for slug in store.locks()] == ["spf55"]
        with store.lock("spf13", US):
            assert store.locks()["spf13"] == US


def test_killing_the_holder_frees_its_lock(store: FolderStore, tmp_path: Path) -> None:
    with python(HOLD, str(tmp_path)) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        other.send_signal(signal.SIGKILL)
        other.wait()
    with store.lock("spf55", US):
        pass
    assert store.locks() == {}


def test_a_lock_is_free_again_after_a_failure_inside(store: FolderStore) -> None:
    with pytest.raises(RuntimeError), store.lock("spf55", US):
        raise RuntimeError
    with store.lock("spf55", US):
        pass


def test_processes_racing_to_write_never_overwrite_each_other(
    store: FolderStore, fresh: Snapshot, tmp_path: Path
) -> None:
    store.write(fresh)
    with contextlib.ExitStack() as stack:
        racers = [stack.enter_context(python(COUNT, str(tmp_path))) for _ in range(3)]
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        wins = [int(racer.communicate()[0].split()[0]) for racer in racers]
    assert wins == [20, 20, 20]
    last = store.read("spf55")
    assert last is not None
    assert last.serial == 1 + 60
