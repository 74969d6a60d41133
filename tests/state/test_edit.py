"""The record edited by hand: locked, journalled, kept aside, and never undone by an older journal."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.state.records import TickingClock, a_record

from reconcile.problem import Problem
from reconcile.resources.address import Address
from reconcile.state.edit import Edit, EditContext, edit, forget, move, take_over
from reconcile.state.journal.journal import Journal
from reconcile.state.journal.replay import replay
from reconcile.state.snapshot.snapshot import Snapshot, decode
from reconcile.state.stores.folder import FolderStore
from reconcile.state.stores.store import Holder

CONTACT = a_record().address
RENAMED = Address("spf55", "mailbox", "accueil@spf55.org")

EditState = Callable[[Edit], Snapshot]


@pytest.fixture
def applied(store: FolderStore, tmp_path: Path, clock: TickingClock, fresh: Snapshot) -> Snapshot:
    """A state an apply left: two mailboxes."""
    with Journal.create(tmp_path / "runs", "run-1", {}, clock) as journal:
        snapshot = journal.opens(fresh)
        for record in (a_record(), a_record("zoé")):
            journal.outcome(record.address, "create", "done", record)
            snapshot = snapshot.put(record)
        return store.write(snapshot)


@pytest.fixture
def edit_state(store: FolderStore, tmp_path: Path, clock: TickingClock) -> EditState:
    def edit_state(change: Edit) -> Snapshot:
        run = f"edit-{len(list((tmp_path / 'runs').glob('*')))}"
        holder = Holder(run, "marie", "poste-2", os.getpid(), "2026-03-29T16:00:00+00:00", "state mv")
        return edit("spf55", change, EditContext(store, tmp_path, holder, clock, "lineage-2"))

    return edit_state


def now(store: FolderStore, folder: Path) -> Snapshot:
    return replay(store.read("spf55") or Snapshot("spf55", "new"), folder / "runs")[0]


def test_a_moved_record_keeps_everything_but_its_address(
    store: FolderStore, tmp_path: Path, applied: Snapshot, edit_state: EditState
) -> None:
    edit_state(lambda snapshot: move(snapshot, CONTACT, RENAMED))
    records = now(store, tmp_path).records
    assert CONTACT not in records
    assert records[RENAMED] == dataclasses.replace(a_record(), address=RENAMED)


def test_a_forgotten_record_is_not_brought_back_by_the_run_that_made_it(
    store: FolderStore, tmp_path: Path, applied: Snapshot, edit_state: EditState
) -> None:
    edit_state(lambda snapshot: forget(snapshot, [CONTACT]))
    assert CONTACT not in now(store, tmp_path).records
    (tmp_path / "federations" / "spf55.json").unlink()
    assert CONTACT not in now(store, tmp_path).records


def test_the_former_state_is_kept_aside_and_can_be_put_back(
    store: FolderStore, tmp_path: Path, applied: Snapshot, edit_state: EditState
) -> None:
    edit_state(lambda snapshot: forget(snapshot, [CONTACT]))
    path = tmp_path / "backups" / "spf55.1.json"
    kept = decode(path.read_bytes(), path)
    with pytest.raises(Problem) as refusal:
        edit_state(lambda snapshot: take_over(snapshot, kept))
    assert (refusal.value.code, refusal.value.exit_code) == ("STA04", 4)
    edit_state(lambda snapshot: take_over(snapshot, kept, force=True))
    assert now(store, tmp_path).records == applied.records


def test_what_a_dead_run_had_done_is_not_lost_by_an_edit(
    store: FolderStore, tmp_path: Path, clock: TickingClock, applied: Snapshot, edit_state: EditState
) -> None:
    late = a_record("tard", run="run-2")
    with Journal.create(tmp_path / "runs", "run-2", {}, clock) as journal:
        journal.opens(applied)
        journal.outcome(late.address, "create", "done", late)
    edit_state(lambda snapshot: forget(snapshot, [CONTACT]))
    assert set(now(store, tmp_path).records) == {late.address, a_record("zoé").address}


@pytest.mark.parametrize(
    "change",
    [
        lambda snapshot: forget(snapshot, [RENAMED]),
        lambda snapshot: move(snapshot, RENAMED, CONTACT),
        lambda snapshot: move(snapshot, CONTACT, a_record("zoé").address),
        lambda snapshot: move(snapshot, CONTACT, Address("spf55", "access", "accueil@spf55.org")),
        lambda snapshot: move(snapshot, CONTACT, Address("spf13", "mailbox", "contact@spf13.org")),
        lambda snapshot: take_over(snapshot, Snapshot("spf13", "lineage-1")),
    ],
)
def test_what_cannot_be_edited_so_leaves_no_trace(
    store: FolderStore, tmp_path: Path, applied: Snapshot, edit_state: EditState, change: Edit
) -> None:
    with pytest.raises(Problem) as refusal:
        edit_state(change)
    assert refusal.value.code == "STA12"
    assert store.read("spf55") == applied
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["run-1.jsonl"]


def test_an_empty_place_takes_a_state_from_elsewhere_with_its_lineage(edit_state: EditState, applied: Snapshot) -> None:
    elsewhere = dataclasses.replace(applied, lineage="lineage-9", serial=41)
    empty = Snapshot("spf55", "new")
    assert take_over(empty, elsewhere).lineage == "lineage-9"
    assert take_over(empty, elsewhere).records == applied.records
