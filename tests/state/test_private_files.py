"""Files of our own: ordinary ones, for their owner alone, whatever links and umask there are."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.state.records import TickingClock, a_record

from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.queue.jobs import JobList
from reconcile.problem import Problem
from reconcile.state.durable import PRIVATE_FILE, replace_file
from reconcile.state.journal.journal import Journal
from reconcile.state.journal.journals import sessions
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.folder import FolderStore
from reconcile.state.stores.store import Holder

SNAPSHOT = Snapshot("spf55", "line").put(a_record())
HOLDER = Holder("run", "me", "here", 1, "")


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.usefixtures("umask")
def test_state_journals_plans_and_copies_are_their_owners_alone(tmp_path: Path) -> None:
    root = tmp_path / "spfstate"
    store = FolderStore(root)
    with store.lock("spf55", HOLDER):
        store.write(SNAPSHOT)
    with Journal.create(root / "runs", "run-1", {}, TickingClock()) as journal:
        journal.opens(SNAPSHOT)
    JobList.in_file(root / "copies/queue.sqlite", SystemClock()).enqueue("spf55/copy/a", "old", "a", "b", "")
    Ledger(root / "copies/ledgers/a.sqlite").close()
    (tmp_path / "plans").mkdir()
    replace_file(tmp_path / "plans/main.json", b"{}", PRIVATE_FILE)
    files = [*root.rglob("*"), root, tmp_path / "plans/main.json"]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in files if path.is_file()}
    folders = {stat.S_IMODE(path.stat().st_mode) for path in files if path.is_dir()}
    assert (modes, folders) == ({0o600}, {0o700})


def linked(path: Path, target: Path) -> Path:
    target.write_text("somebody's own file")
    path.parent.mkdir(parents=True)
    path.symlink_to(target)
    return target


def test_a_lock_that_is_a_link_truncates_nothing(tmp_path: Path) -> None:
    target = linked(tmp_path / "locks/spf55.lock", tmp_path / "target")
    with pytest.raises(Problem, match="STA06"), FolderStore(tmp_path).lock("spf55", HOLDER):
        pass
    assert target.read_text() == "somebody's own file"


def test_a_snapshot_that_is_a_link_is_neither_read_nor_replaced(tmp_path: Path) -> None:
    target = linked(tmp_path / "federations/spf55.json", tmp_path / "target")
    store = FolderStore(tmp_path)
    for use in (lambda: store.read("spf55"), lambda: store.write(SNAPSHOT)):
        with pytest.raises(Problem, match="STA06"):
            use()
    with pytest.raises(Problem, match="STA06"):
        replace_file(tmp_path / "federations/spf55.json", b"{}")
    assert target.read_text() == "somebody's own file"
    assert (tmp_path / "federations/spf55.json").is_symlink()


def test_a_journal_that_is_a_link_is_not_replayed(tmp_path: Path) -> None:
    linked(tmp_path / "runs/20250101T000000Z-aaaaaa.jsonl", tmp_path / "target")
    with pytest.raises(Problem, match="STA06"):
        sessions(tmp_path / "runs")
