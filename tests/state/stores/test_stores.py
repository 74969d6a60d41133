"""Every store keeps the same promises."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import threading
from collections.abc import Callable

import pytest
from tests.state.records import a_record

from reconcile.problem import Problem
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.store import Holder, Store

PAUL = Holder("run-1", "paul", "poste-1", 4242, "2026-03-29T15:59:00+00:00")
MARIE = Holder("run-2", "marie", "poste-2", 77, "2026-03-29T16:00:00+00:00")

#: Opens the same place again, as another machine would.
Another = Callable[[], Store]


def test_a_federation_nobody_touched_has_no_state(any_store: Another) -> None:
    assert any_store().read("spf55") is None
    assert any_store().federations() == []


def test_what_one_machine_writes_another_reads(any_store: Another, fresh: Snapshot) -> None:
    store = any_store()
    with store.lock("spf55", PAUL):
        first = store.write(fresh.put(a_record("zoé", display_name="Zoé Féval")))
        second = store.write(first.put(a_record("autre")))
    assert (first.serial, second.serial) == (1, 2)
    assert any_store().read("spf55") == second
    assert any_store().federations() == ["spf55"]


def test_whoever_read_before_somebody_elses_write_is_refused(any_store: Another, fresh: Snapshot) -> None:
    store = any_store()
    with store.lock("spf55", PAUL):
        kept = store.write(fresh.put(a_record()))
        with pytest.raises(Problem) as refusal:
            store.write(fresh.put(a_record("autre")))
        assert (refusal.value.code, refusal.value.exit_code) == ("STA04", 4)
        assert store.read("spf55") == kept


def test_another_lineage_never_replaces_a_state(any_store: Another, fresh: Snapshot) -> None:
    store = any_store()
    with store.lock("spf55", PAUL):
        kept = store.write(fresh)
        with pytest.raises(Problem) as refusal:
            store.write(dataclasses.replace(kept, lineage="lineage-2"))
    assert refusal.value.code == "STA04"
    assert store.read("spf55") == kept


def test_a_held_lock_names_its_holder_and_only_its_federation(any_store: Another) -> None:
    with any_store().lock("spf55", PAUL):
        with pytest.raises(Problem) as refusal, any_store().lock("spf55", MARIE):
            pytest.fail("two runs hold one lock")
        assert (refusal.value.code, refusal.value.exit_code) == ("STA05", 4)
        for detail in ("spf55", "paul", "poste-1", "4242", "2026-03-29T15:59:00"):
            assert detail in refusal.value.message
        with any_store().lock("spf13", MARIE):
            pass
    with any_store().lock("spf55", MARIE):
        pass


def test_a_lock_is_free_again_after_a_failure_inside(any_store: Another) -> None:
    with pytest.raises(RuntimeError), any_store().lock("spf55", PAUL):
        raise RuntimeError
    with any_store().lock("spf55", MARIE):
        pass


def test_of_many_who_want_a_lock_one_gets_it(any_store: Another) -> None:
    start, ended = threading.Barrier(4), threading.Barrier(4)

    def want(number: int) -> str:
        store = any_store()
        start.wait(30)
        try:
            with store.lock("spf55", dataclasses.replace(PAUL, run=f"run-{number}")):
                ended.wait(30)
        except Problem as problem:
            ended.wait(30)
            return problem.code
        return "held"

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(want, range(4))) == ["STA05", "STA05", "STA05", "held"]


def test_locks_are_listed_while_they_are_held(listing_store: Another) -> None:
    with listing_store().lock("spf55", PAUL):
        assert listing_store().locks() == {"spf55": PAUL}
    assert listing_store().locks() == {}


@pytest.mark.stores
def test_writers_racing_lose_no_write(racing_store: Another, fresh: Snapshot) -> None:
    racing_store().write(fresh)

    def count(worker: int) -> set[str]:
        store, won, refusals = racing_store(), 0, set()
        while won < 20:
            seen = store.read("spf55")
            assert seen is not None
            try:
                store.write(dataclasses.replace(seen, run=f"run-{worker}"))
                won += 1
            except Problem as problem:
                refusals.add(problem.code)
        return refusals

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert set().union(*pool.map(count, range(4))) <= {"STA04"}
    last = racing_store().read("spf55")
    assert last is not None
    assert last.serial == 1 + 80
