"""Two machines, each with its own disk and journals, on one state in a bucket."""

from __future__ import annotations

import dataclasses
import threading
from pathlib import Path

import pytest
from tests.applying.memory import Killed, Site, World, mailbox
from tests.state.store_places import s3

from reconcile.applying.outcome import Result
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.resources.resource import Desired
from reconcile.state.journal.replay import Vouched
from reconcile.state.stores.store import Store

WANTED = [mailbox("lou@spf55.org"), mailbox("jean@spf55.org", aliases=("j@spf55.org",)), mailbox("zoe@spf55.org")]


@dataclasses.dataclass
class Machine(Site):
    """A site whose state is elsewhere."""

    shared: Store | None = None

    @property
    def store(self) -> Store:  # type: ignore[override]
        assert self.shared is not None
        return self.shared


@pytest.fixture
def machines(tmp_path: Path, s3_address: str) -> tuple[Machine, Machine]:
    world, place = World(), s3(s3_address)
    first = Machine(tmp_path / "one", world, journals=Vouched, shared=place())
    second = Machine(tmp_path / "two", world, journals=Vouched, shared=place())
    second.runs = 500  # run ids are never the same on two machines
    return first, second


def apply(machine: Machine, wanted: list[Desired]) -> dict[Result, int]:
    return machine.apply(machine.plan(wanted)).tally


def test_what_one_machine_applied_the_other_knows(machines: tuple[Machine, Machine]) -> None:
    one, two = machines
    assert apply(one, WANTED)[Result.DONE] == 3
    assert two.plan(WANTED).empty
    assert apply(two, WANTED[:2])[Result.DONE] == 1  # zoe@ is ours to delete, from anywhere
    assert one.plan(WANTED[:2]).empty


def test_a_plan_the_other_machine_made_stale_is_refused(machines: tuple[Machine, Machine]) -> None:
    one, two = machines
    plan = one.plan(WANTED)
    apply(two, WANTED)
    writes = list(one.world.writes)
    with pytest.raises(Problem) as refusal:
        one.apply(plan)
    assert (refusal.value.code, refusal.value.exit_code) == ("STA04", 4)
    assert one.world.writes == writes


def test_two_applies_at_once_one_is_refused_and_writes_nothing(machines: tuple[Machine, Machine]) -> None:
    one, two = machines
    writing, go_on = threading.Event(), threading.Event()

    def hold_up(order: Order) -> None:
        writing.set()
        assert go_on.wait(30)

    plan = two.plan(WANTED)
    one.world.before_write = hold_up
    running = threading.Thread(target=apply, args=(one, WANTED))
    running.start()
    try:
        assert writing.wait(30)
        with pytest.raises(Problem) as refusal:
            two.apply(plan)
        assert refusal.value.code == "STA05"
    finally:
        go_on.set()
        running.join()
    assert max(one.world.created.values()) == 1
    assert two.plan(WANTED).empty


def test_a_machine_that_died_is_taken_over_and_its_journal_undoes_nothing_later(
    machines: tuple[Machine, Machine],
) -> None:
    one, two = machines

    def die(order: Order) -> None:
        if order.address.key == "jean@spf55.org":
            raise Killed

    one.world.after_write = die
    with pytest.raises(Killed):
        apply(one, WANTED)
    one.world.after_write = lambda order: None
    # A dead process keeps its lease; here the interpreter lives on and has given it back.
    assert apply(two, WANTED)[Result.FAILED] == 0
    assert max(one.world.created.values()) == 1
    two.world.objects.clear()
    apply(two, [dataclasses.replace(WANTED[0], fields={"licence": "E3"})])
    last = two.store.read("spf55")
    assert last is not None
    assert one.plan([dataclasses.replace(WANTED[0], fields={"licence": "E3"})]).empty
    assert one.snapshots["spf55"].records == last.records
