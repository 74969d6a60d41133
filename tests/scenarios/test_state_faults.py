"""What becomes of the state folder on a bad day: a clear refusal, the documented exit code, and nothing lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.proofs.outside import Outside
from tests.scenarios.stage import Stage


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    """A tenant and a DNS, without the mail hosts that nothing here calls."""
    with Outside(tmp_path, {"spf55.org": []}) as outside:
        yield outside


@pytest.fixture
def stage(tmp_path: Path, outside: Outside) -> Stage:
    return Stage.small(tmp_path)


@pytest.fixture
def read_only() -> Iterator[Callable[[Path], None]]:
    """Makes a folder read-only, for root too; writable again at the end, or at a second call."""
    done: list[Path] = []

    def toggle(folder: Path) -> None:
        if folder in done:
            done.remove(folder)
            _writable(folder)
        else:
            done.append(folder)
            _read_only(folder)

    yield toggle
    for folder in done:
        _writable(folder)


def test_two_applies_at_once_never_do_the_same_thing_twice(stage: Stage, outside: Outside) -> None:
    runs = [stage.start("apply", "--yes") for _ in range(3)]
    said = [run.communicate(timeout=120)[0] for run in runs]
    codes = sorted(run.returncode for run in runs)
    assert codes[0] == 0, said
    assert set(codes) <= {0, 4}, said
    for run, words in zip(runs, said, strict=True):
        assert run.returncode == 0 or "STA04" in words or "STA05" in words, words
    as_it_should_be(stage, outside)


def test_a_stopped_holder_keeps_its_lock_and_ends_well_when_it_wakes(stage: Stage, outside: Outside) -> None:
    first = stage.start("apply", "--yes")
    stop_in_the_middle(stage, first)
    untouched, begun = (outside.content(), stage.journals()[0].read_bytes()), run_of(stage)
    for words in (("apply", "--yes"), ("state", "rm", "spf55/mailbox/lou.petit@spf55.org")):
        met = stage.run(*words, expect=4)
        assert "STA05" in met.err
        assert str(first.pid) in met.err
    assert "spf55" in stage.run("lock", "list", expect=0).out
    assert "living process" in stage.run("force-unlock", "spf55", begun, expect=1).err
    assert (outside.content(), stage.journals()[0].read_bytes()) == untouched
    assert "nothing done" in stage.run("log", expect=0).out.splitlines()[0]
    first.send_signal(signal.SIGCONT)
    said, _ = first.communicate(timeout=120)
    assert first.returncode == 0, said
    as_it_should_be(stage, outside)


def test_a_killed_holder_keeps_nobody_out(stage: Stage, outside: Outside) -> None:
    first = stage.start("apply", "--yes")
    stop_in_the_middle(stage, first)
    first.kill()
    first.communicate(timeout=60)
    outside.wait(3600)
    stage.run("apply", "--yes", expect=0)
    as_it_should_be(stage, outside)


@pytest.mark.parametrize("kept", [0, 200])
def test_a_truncated_state_is_refused_and_can_be_found_again(stage: Stage, outside: Outside, kept: int) -> None:
    stage.run("apply", "--yes", expect=0)
    file = stage.folder / "spfstate" / "federations" / "spf55.json"
    file.write_bytes(file.read_bytes()[:kept])
    refuses_everything(stage, outside, "STA02")
    file.rename(stage.folder / "damaged.json")
    shutil.rmtree(stage.folder / "spfstate" / "runs")
    stage.run("state", "rebuild", "55", expect=0)
    stage.run("apply", "--yes", expect=0)
    as_it_should_be(stage, outside)


def test_a_state_from_a_newer_version_is_left_alone(stage: Stage, outside: Outside) -> None:
    stage.run("apply", "--yes", expect=0)
    file = stage.folder / "spfstate" / "federations" / "spf55.json"
    document = json.loads(file.read_bytes())
    file.write_text(json.dumps({**document, "format": 99, "records": {"what": "nobody knows yet"}}), encoding="utf-8")
    refuses_everything(stage, outside, "STA03", "update this command")


def test_a_state_from_the_version_before_is_taken_as_it_is(stage: Stage, outside: Outside) -> None:
    stage.edit("spf55", "    licence: E1\n", "    licence: E1\n    protected: true\n")
    stage.run("apply", "--yes", expect=0)
    file = stage.folder / "spfstate" / "federations" / "spf55.json"
    document = json.loads(file.read_bytes())
    for record in document["records"].values():
        record["protected"] = record["fields"].pop("protected", False)
    file.write_text(json.dumps({**document, "format": 1}), encoding="utf-8")
    protected = "spf55/mailbox/lou.petit@spf55.org"
    assert "protected   yes" in stage.run("state", "show", protected, expect=0).out
    assert "Nothing to do" in stage.run("plan", expect=0).out
    stage.edit("spf55", "licence: E1", "licence: E3")
    stage.run("apply", "--yes", expect=0)
    document = json.loads(file.read_bytes())
    assert document["format"] == 2
    assert document["records"][protected]["fields"]["protected"] is True
    as_it_should_be(stage, outside)


def test_a_read_only_state_folder_is_told_before_anything_is_written(
    stage: Stage, outside: Outside, read_only: Callable[[Path], None]
) -> None:
    stage.run("apply", "--yes", expect=0)
    stage.edit("spf55", "licence: E1", "licence: E3")
    read_only(stage.folder / "spfstate")
    untouched = (outside.content(), state(stage))
    stage.run("plan", "--detailed-exitcode", expect=2)
    assert "STA06" in stage.run("apply", "--yes", expect=1).err
    assert (outside.content(), state(stage)) == untouched
    read_only(stage.folder / "spfstate")
    stage.run("apply", "--yes", expect=0)
    as_it_should_be(stage, outside)


def test_a_first_apply_into_a_read_only_folder_writes_nothing(
    stage: Stage, outside: Outside, read_only: Callable[[Path], None]
) -> None:
    (stage.folder / "spfstate").mkdir()
    read_only(stage.folder / "spfstate")
    before = outside.content()
    stage.run("plan", "--detailed-exitcode", expect=2)
    assert "STA06" in stage.run("apply", "--yes", expect=1).err
    assert outside.content() == before


def test_half_a_last_line_in_a_journal_is_what_a_crash_leaves(stage: Stage, outside: Outside) -> None:
    stage.run("apply", "--yes", expect=0)
    with stage.journals()[-1].open("ab") as journal:
        journal.write(b'{"event":"intent","at":"2025-01-19T18:00:00+00:00","address":"spf55/mail')
    stage.edit("spf55", "licence: E1", "licence: E3")
    stage.run("apply", "--yes", expect=0)
    assert stage.run("log", expect=0).out
    as_it_should_be(stage, outside)


def test_a_journal_damaged_in_the_middle_is_refused_never_guessed(stage: Stage, outside: Outside) -> None:
    killed = stage.start("apply", "--yes")
    stop_in_the_middle(stage, killed)
    killed.kill()
    killed.communicate(timeout=60)
    outside.wait(3600)
    journal = stage.journals()[-1]
    whole = journal.read_bytes()
    lines = whole.splitlines(keepends=True)
    spoilt = next(number for number, line in enumerate(lines) if b'"outcome"' in line)
    lines[spoilt] = lines[spoilt][: len(lines[spoilt]) // 2] + b"\n"
    journal.write_bytes(b"".join(lines))
    refuses_everything(stage, outside, "STA02")
    assert "killed" in stage.run("log", expect=0).out
    journal.write_bytes(whole)
    stage.run("apply", "--yes", expect=0)
    as_it_should_be(stage, outside)


def refuses_everything(stage: Stage, outside: Outside, code: str, words: str = "") -> None:
    """Nothing is planned, applied or mended on such a state, and nothing is changed by the attempt."""
    stage.edit("spf55", "licence: E1", "licence: E3")
    untouched = (outside.content(), state(stage))
    for attempt in (
        ("plan",),
        ("apply", "--yes", "--allow-delete"),
        ("state", "rm", "spf55/mailbox/lou.petit@spf55.org"),
    ):
        refused = stage.run(*attempt, expect=1)
        assert code in refused.err
        assert words in refused.err
    assert (outside.content(), state(stage)) == untouched
    stage.edit("spf55", "licence: E3\n    aliases", "licence: E1\n    aliases")


def as_it_should_be(stage: Stage, outside: Outside) -> None:
    """State equals world equals YAML, and nobody is there twice."""
    stage.run("plan", "--detailed-exitcode", expect=0)
    stage.run("drift", expect=0)
    accounts = [name for name in outside.content()["users"] if name.endswith("@spf55.org")]
    assert sorted(accounts) == ["camille.dupont@spf55.org", "contact@spf55.org", "lou.petit@spf55.org"]
    assert not outside.content()["deleted"]


def stop_in_the_middle(stage: Stage, run: subprocess.Popen[str]) -> None:
    """Stop the process (SIGSTOP) once it has begun to write."""
    deadline = time.monotonic() + 60
    while not any(b'"outcome"' in path.read_bytes() for path in stage.journals()):
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    run.send_signal(signal.SIGSTOP)
    while Path(f"/proc/{run.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "T":
        time.sleep(0.002)
    # What it had asked the tenant for is carried out there all the same.
    time.sleep(0.5)


def run_of(stage: Stage) -> str:
    return stage.journals()[-1].stem


def state(stage: Stage) -> dict[str, bytes]:
    """Every file of the state but locks, which are opened to look at them."""
    home = stage.folder / "spfstate"
    files = (path for path in home.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files if "locks" not in path.parts and path.name != ".writing"}


def _read_only(folder: Path) -> None:
    if os.geteuid() == 0:
        subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
    else:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)


def _writable(folder: Path) -> None:
    if os.geteuid() == 0:
        subprocess.run(["umount", "-l", str(folder)], check=True)
    else:
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
