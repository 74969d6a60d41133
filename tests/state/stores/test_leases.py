"""A lock that no kernel frees: renewed while its holder lives, broken only by somebody who looked."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading

import pytest

from reconcile.problem import Problem
from reconcile.state.stores.bucket import Overtaken, Tag, swap
from reconcile.state.stores.lease import Lease, Leases
from reconcile.state.stores.store import Holder

PAUL = Holder("run-1", "paul", "poste-1", 4242, "2026-03-29T15:59:00+00:00")
MARIE = Holder("run-2", "marie", "poste-2", 77, "2026-03-29T16:00:00+00:00")


class Shelf:
    """A bucket in memory that can lose answers and fall silent."""

    def __init__(self) -> None:
        self.bodies: dict[str, tuple[bytes, int]] = {}
        self.lose_answers = False
        self.silent = False
        self.written = threading.Condition()

    def get(self, key: str) -> tuple[bytes, Tag] | None:
        self._speak()
        there = self.bodies.get(key)
        return (there[0], {"e_tag": str(there[1])}) if there else None

    def put(self, key: str, body: bytes, over: Tag | None) -> Tag:
        self._speak()
        with self.written:
            there = self.bodies.get(key)
            if (over["e_tag"] if over else None) != (str(there[1]) if there else None):
                raise Overtaken
            version = (there[1] if there else 0) + 1
            self.bodies[key] = (body, version)
            self.written.notify_all()
        if self.lose_answers:
            # A client that retries after a lost answer is told that somebody was there before.
            raise Overtaken
        return {"e_tag": str(version)}

    def keys(self, folder: str) -> list[str]:
        self._speak()
        return sorted(key.removeprefix(f"{folder}/") for key in self.bodies if key.startswith(f"{folder}/"))

    def wait_for_renewal(self, key: str, after: bytes) -> bytes:
        with self.written:
            assert self.written.wait_for(lambda: self.bodies[key][0] != after, timeout=20)
            return self.bodies[key][0]

    def _speak(self) -> None:
        if self.silent:
            raise Problem("STA08", "The store does not answer.")


class Watch:
    """A clock set by hand."""

    def __init__(self) -> None:
        self.time = dt.datetime(2026, 3, 29, 16, 0, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def watch() -> Watch:
    return Watch()


def leases(shelf: Shelf, watch: Watch, *, lost: threading.Event | None = None, beat: float = 3600) -> Leases:
    return Leases(shelf, watch, (lost or threading.Event()).set, beat)


def test_a_lease_is_renewed_as_long_as_its_holder_lives(shelf: Shelf, watch: Watch) -> None:
    with leases(shelf, watch, beat=0.01).hold("spf55", PAUL):
        first = shelf.bodies["locks/spf55.json"][0]
        watch.time += dt.timedelta(minutes=1)
        renewed = Lease.decode(shelf.wait_for_renewal("locks/spf55.json", first))
    assert renewed.holder == PAUL
    assert renewed.until > Lease.decode(first).until
    assert leases(shelf, watch).held() == {}


def test_a_store_that_falls_silent_for_a_while_does_not_end_the_lease(shelf: Shelf, watch: Watch) -> None:
    lost = threading.Event()
    with leases(shelf, watch, lost=lost, beat=0.01).hold("spf55", PAUL):
        first = shelf.bodies["locks/spf55.json"][0]
        shelf.silent = True
        lost.wait(0.1)
        shelf.silent = False
        watch.time += dt.timedelta(minutes=1)
        shelf.wait_for_renewal("locks/spf55.json", first)
    assert not lost.is_set()


def test_a_lease_that_ran_out_is_refused_all_the_same_and_says_how_to_break_it(shelf: Shelf, watch: Watch) -> None:
    dead = leases(shelf, watch).hold("spf55", PAUL)
    dead.__enter__()  # and is never heard of again
    with pytest.raises(Problem) as alive, leases(shelf, watch).hold("spf55", MARIE):
        pytest.fail("two runs hold one lease")
    assert "wait" in alive.value.hint
    watch.time += dt.timedelta(hours=1)
    with pytest.raises(Problem) as refusal, leases(shelf, watch).hold("spf55", MARIE):
        pytest.fail("a lease was taken silently")
    assert refusal.value.code == "STA05"
    assert "reconcile force-unlock spf55 run-1" in refusal.value.hint
    leases(shelf, watch).break_lock("spf55", "run-1")
    with leases(shelf, watch).hold("spf55", MARIE):
        pass


def test_breaking_asks_for_the_run_that_holds_it(shelf: Shelf, watch: Watch) -> None:
    with leases(shelf, watch).hold("spf55", PAUL):
        with pytest.raises(Problem) as refusal:
            leases(shelf, watch).break_lock("spf55", "run-7")
        assert refusal.value.code == "STA09"
        assert "run-1" in refusal.value.message


def break_it(shelf: Shelf, watch: Watch) -> None:
    """Renewals go on all the while, so that breaking may need more than one try."""
    for _ in range(1000):
        try:
            return leases(shelf, watch).break_lock("spf55", "run-1")
        except Problem:
            continue
    raise AssertionError("could not break the lock")


def test_a_run_whose_lease_was_stolen_is_told_to_stop(shelf: Shelf, watch: Watch) -> None:
    lost = threading.Event()
    held = leases(shelf, watch, lost=lost, beat=0.01).hold("spf55", PAUL)
    held.__enter__()
    break_it(shelf, watch)
    assert lost.wait(20)
    with pytest.raises(Problem) as refusal:
        held.__exit__(None, None, None)
    assert (refusal.value.code, refusal.value.exit_code) == ("STA07", 4)
    assert leases(shelf, watch).held() == {}


def test_a_stolen_lease_is_left_to_its_new_holder(shelf: Shelf, watch: Watch) -> None:
    held = leases(shelf, watch).hold("spf55", PAUL)
    held.__enter__()
    leases(shelf, watch).break_lock("spf55", "run-1")
    with leases(shelf, watch).hold("spf55", MARIE):
        with pytest.raises(Problem) as refusal:
            held.__exit__(None, None, None)
        assert refusal.value.code == "STA07"
        assert leases(shelf, watch).held() == {"spf55": MARIE}


def test_a_lost_answer_is_settled_by_reading(shelf: Shelf, watch: Watch) -> None:
    shelf.lose_answers = True
    with leases(shelf, watch).hold("spf55", PAUL):
        assert leases(shelf, watch).held() == {"spf55": PAUL}
    assert leases(shelf, watch).held() == {}


def test_a_lost_answer_never_hides_that_somebody_else_wrote(shelf: Shelf) -> None:
    tag = shelf.put("a", b"first", None)
    shelf.put("a", b"theirs", tag)
    with pytest.raises(Overtaken):
        swap(shelf, "a", b"ours", tag)
    assert shelf.bodies["a"][0] == b"theirs"


def test_a_lock_nobody_can_read_is_not_a_free_one(shelf: Shelf, watch: Watch) -> None:
    shelf.put("locks/spf55.json", b"{", None)
    with pytest.raises(Problem) as refusal, leases(shelf, watch).hold("spf55", PAUL):
        pytest.fail("took a lock it could not read")
    assert refusal.value.code == "STA05"
    leases(shelf, watch).break_lock("spf55", "unknown")
    with leases(shelf, watch).hold("spf55", dataclasses.replace(PAUL)):
        pass
