"""Journals on this disk of a state that is kept elsewhere: those of runs which that state names, and nobody else's."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.applying.memory import Killed, Site, StoppedClock, World, mailbox
from tests.state.records import a_record
from tests.state.store_places import memory

from reconcile.applying.outcome import Result
from reconcile.planning.plan.plan import Action
from reconcile.providers.base import Order
from reconcile.resources.address import Address
from reconcile.state.journal.journal import Journal
from reconcile.state.journal.replay import Vouched
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.store import Store

LOU, JEAN = mailbox("lou@spf55.org"), mailbox("jean@spf55.org", after=("spf55/mailbox/lou@spf55.org",))
STRANGER = Address("spf55", "mailbox", "camille@spf55.org")


@dataclasses.dataclass
class Machine(Site):
    """A site whose state is in a bucket."""

    shared: Store | None = None

    @property
    def store(self) -> Store:  # type: ignore[override]
        assert self.shared is not None
        return self.shared

    def known(self) -> set[str]:
        """What the next plan takes for ours."""
        self.plan([LOU, JEAN])
        return {address.key for address in self.snapshots["spf55"].records}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path, World(), journals=Vouched, shared=memory()())


def lay_down(machine: Machine, stored: Snapshot, run: str) -> None:
    """A journal nobody's run wrote: it makes an account of somebody else's ours."""
    with Journal.create(machine.folder / "runs", run, {}, StoppedClock()) as journal:
        journal.opens(stored)
        journal.outcome(STRANGER, "create", "done", dataclasses.replace(a_record(), address=STRANGER))


def killed_at(machine: Machine, key: str) -> None:
    def die(order: Order) -> None:
        if order.address.key == key:
            raise Killed

    machine.world.before_write = die
    with pytest.raises(Killed):
        machine.apply(machine.plan([LOU, JEAN]))
    machine.world.before_write = lambda order: None


def test_a_journal_laid_beside_a_state_that_was_never_written_is_not_believed(machine: Machine) -> None:
    lay_down(machine, Snapshot("spf55", "line"), "20250101T000000Z-aaaaaa")
    assert machine.known() == set()
    assert machine.journals.read(machine.folder / "runs").federations() == []


def test_a_journal_laid_beside_a_state_is_not_believed_whatever_it_knows_of_it(machine: Machine) -> None:
    machine.apply(machine.plan([LOU, JEAN]))
    stored = machine.store.read("spf55")
    assert stored is not None
    (machine.folder / "runs" / "run001.jsonl").unlink()
    lay_down(machine, stored, "run001")  # by the name of the last run, which is over
    lay_down(machine, dataclasses.replace(stored, run="run002"), "run002")
    assert machine.known() == {"lou@spf55.org", "jean@spf55.org"}


def test_what_a_killed_run_confirmed_is_still_ours(machine: Machine) -> None:
    killed_at(machine, "jean@spf55.org")
    stored = machine.store.read("spf55")
    assert stored is not None
    assert not stored.records  # it never came to save what it did
    assert {(one.action, one.address.key) for one in machine.plan([JEAN]).changes} == {
        (Action.DELETE, "lou@spf55.org"),
        (Action.CREATE, "jean@spf55.org"),
    }
    assert machine.apply(machine.plan([LOU, JEAN])).tally[Result.DONE] == 1
    assert machine.known() == {"lou@spf55.org", "jean@spf55.org"}
    assert max(machine.world.created.values()) == 1


def test_the_state_names_no_run_once_all_is_saved(machine: Machine) -> None:
    killed_at(machine, "jean@spf55.org")
    first = machine.store.read("spf55")
    machine.apply(machine.plan([LOU, JEAN]))
    last = machine.store.read("spf55")
    assert first is not None
    assert last is not None
    assert (first.run, last.run) == ("run001", "")
