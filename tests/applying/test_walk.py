"""The walk over a plan's changes: what starts, in which order, how many at once, and how each one ends."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable, Collection, Mapping, Sequence

import pytest
from tests.applying.memory import NOW, StoppedClock

from reconcile.applying.events import Event, Finished, Started, Stopping
from reconcile.applying.outcome import Outcome, Result
from reconcile.applying.walk import Walk, Work
from reconcile.planning.plan.plan import Action, Blocked, Cause, Change
from reconcile.problem import Problem
from reconcile.resources.address import Address
from reconcile.steps import Steps, at_once

LATER, PAST = NOW + dt.timedelta(seconds=1), NOW - dt.timedelta(seconds=1)
Perform = Callable[[Change], Outcome]


def at(name: str, kind: str = "mailbox") -> Address:
    return Address("spf55", kind, name)


def change(name: str, *after: str, due: dt.datetime | None = None, kind: str = "mailbox") -> Change:
    return Change(at(name, kind), Action.CREATE, Cause.YAML, None, {}, after=tuple(map(at, after)), due=due)


def done(one: Change) -> Outcome:
    return Outcome(one, Result.DONE)


def in_steps(perform: Perform) -> Callable[[Change], Steps[Outcome]]:
    return lambda one: at_once(lambda: perform(one))


def failing(*names: str) -> Perform:
    def perform(one: Change) -> Outcome:
        return Outcome(one, Result.FAILED, problem=Problem("M365-00", "no")) if one.address.key in names else done(one)

    return perform


class Told:
    """The events of one walk, which may ask it to stop."""

    def __init__(self, stop_after: str = "") -> None:
        self.events: list[Event] = []
        self.stop, self.stopping = threading.Event(), threading.Event()
        self._stop_after = stop_after

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Finished) and event.outcome.change.address.key == self._stop_after:
            self.stop.set()
        if isinstance(event, Stopping):
            self.stopping.set()

    @property
    def started(self) -> list[str]:
        return [event.change.address.key for event in self.events if isinstance(event, Started)]

    @property
    def finished(self) -> list[str]:
        return [event.outcome.change.address.key for event in self.events if isinstance(event, Finished)]


def walked(
    changes: Sequence[Change],
    *,
    blocked: Collection[str] = (),
    held: Collection[str] = (),
    perform: Perform = done,
    limit: int = 8,
    told: Told | None = None,
) -> dict[str, tuple[Result, str | None]]:
    """How each change ended, and because of what; each is told exactly once."""
    told = told or Told()
    walk = Walk(
        Work(changes, [Blocked(at(name), "unknown") for name in blocked], [at(name) for name in held]),
        perform=in_steps(perform),
        limit=lambda kind: limit,
        clock=StoppedClock(),
        stop=told.stop,
        listener=told,
    )
    outcomes = walk.run()
    assert sorted(told.finished) == sorted(one.address.key for one in changes)
    assert len(outcomes) == len(changes)
    return {
        one.change.address.key: (one.result, one.because.key if one.because is not None else None) for one in outcomes
    }


def test_each_starts_after_what_it_needs_and_in_the_plans_order_otherwise() -> None:
    told = Told()
    ended = walked([change("c", "a", "b"), change("b"), change("a", "b"), change("d")], limit=1, told=told)
    assert told.started == ["b", "d", "a", "c"]
    assert set(ended.values()) == {(Result.DONE, None)}


def test_what_is_needed_twice_is_waited_for_once() -> None:
    assert walked([change("a"), change("b", "a", "a")])["b"] == (Result.DONE, None)


def test_the_moment_itself_is_due_and_the_second_after_is_not() -> None:
    ended = walked([change("a", due=NOW), change("b", due=PAST), change("c", due=LATER)])
    assert ended == {"a": (Result.DONE, None), "b": (Result.DONE, None), "c": (Result.NOT_DUE, None)}


def test_what_is_not_due_stays_so_when_what_it_needs_is_done() -> None:
    assert walked([change("a"), change("b", "a", due=LATER)]) == {
        "a": (Result.DONE, None),
        "b": (Result.NOT_DUE, None),
    }


def test_what_depends_on_one_that_is_not_due_names_it_whatever_else_is_wrong_with_it() -> None:
    ended = walked(
        [
            change("a", due=LATER),
            change("b", "a"),
            change("c", "b", due=LATER),
            change("d", "a", "x"),
            change("e", "c"),
        ],
        held=["b"],
        blocked=["x"],
    )
    assert ended == {
        "a": (Result.NOT_DUE, None),
        "b": (Result.NOT_DUE, "a"),
        "c": (Result.NOT_DUE, "a"),
        "d": (Result.NOT_DUE, "a"),
        "e": (Result.NOT_DUE, "a"),
    }


def test_a_gate_holds_what_it_names_and_all_that_depends_on_it() -> None:
    ended = walked([change("a"), change("b", "a"), change("c", "b")], held=["b"])
    assert ended == {"a": (Result.DONE, None), "b": (Result.HELD, None), "c": (Result.HELD, "b")}


def test_what_needs_something_unknown_is_skipped_and_names_it() -> None:
    ended = walked([change("a"), change("b", "a", "x"), change("c", "b")], blocked=["x"])
    assert ended == {"a": (Result.DONE, None), "b": (Result.SKIPPED, "x"), "c": (Result.SKIPPED, "x")}


def test_a_failure_skips_all_that_depends_on_it_and_nothing_else() -> None:
    ended = walked([change("a"), change("b", "a"), change("c", "b"), change("d")], perform=failing("a"))
    assert ended == {
        "a": (Result.FAILED, None),
        "b": (Result.SKIPPED, "a"),
        "c": (Result.SKIPPED, "a"),
        "d": (Result.DONE, None),
    }


def test_two_failures_end_what_needs_both_once() -> None:
    ended = walked([change("a"), change("b"), change("c", "a", "b")], perform=failing("a", "b"), limit=1)
    assert ended["c"] == (Result.SKIPPED, "a")


def test_no_more_of_a_kind_are_under_way_than_its_limit_and_kinds_do_not_wait_for_each_other() -> None:
    under_way: dict[str, set[str]] = {"mailbox": set(), "access": set()}
    most = {"mailbox": 0, "access": 0}
    both, lock = threading.Barrier(3, timeout=30), threading.Lock()

    def perform(one: Change) -> Outcome:
        kind = one.address.kind
        with lock:
            under_way[kind].add(one.address.key)
            most[kind] = max(most[kind], len(under_way[kind]))
        if one.address.key in ("m0", "m1", "a0"):
            both.wait()  # two mailboxes and one access at the same time
        with lock:
            under_way[kind].discard(one.address.key)
        return done(one)

    changes = [change(f"m{number}") for number in range(6)] + [change(f"a{n}", kind="access") for n in range(3)]
    told = Told()
    walk = Walk(
        Work(changes),
        perform=in_steps(perform),
        limit={"mailbox": 2, "access": 1}.__getitem__,
        clock=StoppedClock(),
        stop=told.stop,
        listener=told,
    )
    assert {one.result for one in walk.run()} == {Result.DONE}
    assert most == {"mailbox": 2, "access": 1}


def test_asked_to_stop_it_finishes_what_is_under_way_tells_so_once_and_starts_no_more() -> None:
    told = Told(stop_after="a")

    def perform(one: Change) -> Outcome:
        assert one.address.key == "a" or told.stopping.wait(30)
        return done(one)

    ended = walked([change("a"), change("b"), change("c", "a"), change("d")], perform=perform, limit=2, told=told)
    assert ended == {
        "a": (Result.DONE, None),
        "b": (Result.DONE, None),
        "c": (Result.NOT_STARTED, None),
        "d": (Result.NOT_STARTED, None),
    }
    stopping = [event for event in told.events if isinstance(event, Stopping)]
    assert [[one.address.key for one in event.in_flight] for event in stopping] == [["b"]]


def behind(name: str, *earlier: str, spare: int, after: Sequence[str] = (), kinds: Mapping[str, str] = {}) -> Change:
    return dataclasses.replace(
        change(name, *after, kind="dns"),
        behind=tuple(at(one, kinds.get(one, "mailbox")) for one in earlier),
        spare=spare,
    )


@pytest.mark.parametrize(
    ("failing_ones", "ends"), [((), Result.DONE), (("a",), Result.DONE), (("a", "b"), Result.SKIPPED)]
)
def test_what_comes_behind_others_goes_on_while_it_can_spare_those_that_fail(
    failing_ones: Sequence[str], ends: Result
) -> None:
    told = Told()
    ended = walked(
        [behind("mx", "a", "b", "c", spare=1), change("a"), change("b"), change("c")],
        perform=failing(*failing_ones),
        told=told,
    )
    assert ended["mx"][0] is ends
    assert told.finished[-1] == "mx" or ends is Result.SKIPPED


def test_an_access_that_fails_uses_no_spare_up() -> None:
    right = dataclasses.replace(change("a", kind="access"), after=(at("a"),))
    switch = dataclasses.replace(behind("mx", "a", "b", spare=1), behind=(at("a"), at("a", "access"), at("b")))
    told = Told()
    walk = Walk(
        Work([change("a"), right, change("b"), switch]),
        perform=in_steps(failing("a")),
        limit=lambda kind: 8,
        clock=StoppedClock(),
        stop=told.stop,
        listener=told,
    )
    ended = {str(outcome.change.address): outcome.result for outcome in walk.run()}
    assert ended["spf55/access/a"] is Result.SKIPPED
    assert ended["spf55/dns/mx"] is Result.DONE


def test_what_comes_behind_a_gate_is_started_once_and_only_when_the_rest_had_its_turn() -> None:
    told = Told()
    ended = walked([change("a"), behind("mx", "a", "b", spare=1), change("b")], held=["a"], told=told)
    assert (ended["a"][0], ended["mx"][0]) == (Result.HELD, Result.DONE)
    assert told.started == ["b", "mx"]
