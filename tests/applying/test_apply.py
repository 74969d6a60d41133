"""The walk over a plan: order, limits, failures that stay where they are, and runs that end too early."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest
from tests.applying.memory import NOW, Killed, Site, World, mailbox, refuse

from reconcile.applying.outcome import Result
from reconcile.applying.recorder import Recorder
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Reference
from reconcile.state.stores.store import Holder


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, World())


def test_a_second_plan_has_nothing_to_do(site: Site) -> None:
    wanted = [mailbox("lou@spf55.org"), mailbox("jean@spf55.org", aliases=("j@spf55.org",))]
    run = site.apply(site.plan(wanted))
    assert run.tally[Result.DONE] == 2
    assert site.plan(wanted).empty


def test_prerequisites_come_first(site: Site) -> None:
    wanted = [mailbox("a@spf55.org", after=["spf55/mailbox/z@spf55.org"]), mailbox("z@spf55.org")]
    site.apply(site.plan(wanted))
    assert site.world.writes == ["create spf55/mailbox/z@spf55.org", "create spf55/mailbox/a@spf55.org"]


def test_what_hangs_on_a_failure_is_skipped_by_name_and_the_rest_goes_on(site: Site) -> None:
    site.world.before_write = refuse("a@spf55.org")
    wanted = [
        mailbox("a@spf55.org"),
        mailbox("b@spf55.org", after=["spf55/mailbox/a@spf55.org"]),
        mailbox("c@spf55.org", after=["spf55/mailbox/b@spf55.org"]),
        mailbox("a@spf88.org"),
    ]
    run = site.apply(site.plan(wanted))
    ends = {outcome.change.address.key: outcome for outcome in run.outcomes}
    assert ends["a@spf55.org"].result is Result.FAILED
    assert ends["b@spf55.org"].result is ends["c@spf55.org"].result is Result.SKIPPED
    assert ends["c@spf55.org"].because == Address.parse("spf55/mailbox/a@spf55.org")
    assert ends["a@spf88.org"].result is Result.DONE


def test_a_run_after_a_failure_does_only_what_is_missing(site: Site) -> None:
    wanted = [mailbox("a@spf55.org"), mailbox("b@spf55.org")]
    site.world.before_write = refuse("a@spf55.org")
    site.apply(site.plan(wanted))
    site.world.before_write = lambda order: None
    site.apply(site.plan(wanted))
    assert site.plan(wanted).empty
    assert set(site.world.created.values()) == {1}


def test_no_kind_is_written_more_at_once_than_its_provider_allows(site: Site) -> None:
    meet = threading.Barrier(2, timeout=60)
    site.world.before_write = lambda order: meet.wait() and None  # two must be under way together, or this breaks
    site.apply(site.plan([mailbox(f"m{number}@spf55.org") for number in range(8)]))
    assert site.world.most["mailbox"] == 2


def test_nothing_is_done_before_its_moment(site: Site) -> None:
    later = NOW + dt.timedelta(minutes=1)
    wanted = [
        mailbox("a@spf55.org", due=later),
        mailbox("b@spf55.org", after=["spf55/mailbox/a@spf55.org"]),
        mailbox("c@spf55.org", due=NOW),
    ]
    plan = site.plan(wanted)
    assert plan.count(plan.changes[0].action) == 3  # the plan shows all
    run = site.apply(plan)
    assert {outcome.change.address.key: outcome.result for outcome in run.outcomes} == {
        "a@spf55.org": Result.NOT_DUE,
        "b@spf55.org": Result.NOT_DUE,
        "c@spf55.org": Result.DONE,
    }
    site.clock.sleep(60)
    site.apply(site.plan(wanted))
    assert site.plan(wanted).empty


def test_records_take_the_values_their_domain_gave_on_the_way(site: Site) -> None:
    domain = Address.parse("spf55/domain_verification/spf55.org")
    wanted = [
        Desired(domain, {"verified": True}),
        Desired(Address.parse("spf55/dns/spf55.org/MX"), {"values": Reference(domain, "mx")}, (domain,)),
    ]
    site.apply(site.plan(wanted))
    assert site.world.objects[wanted[1].address].fields["values"] == ("0 spf55.org.",)
    assert site.plan(wanted).empty


@pytest.mark.parametrize("name", ["lou@elsewhere.org", "direction@spf55.org"])
def test_nothing_is_written_outside_the_declared_domains_nor_on_the_protected_list(site: Site, name: str) -> None:
    wanted = [Desired(Address("spf55", "mailbox", name), {"licence": "E1"})]
    run = site.apply(site.plan(wanted))
    assert run.outcomes[0].problem is not None
    assert run.outcomes[0].problem.code == "GRD02"
    assert not site.world.writes


def test_an_alias_outside_the_declared_domains_is_never_written(site: Site) -> None:
    run = site.apply(site.plan([mailbox("lou@spf55.org", aliases=("lou@gmail.com",))]))
    assert run.outcomes[0].result is Result.FAILED
    assert not site.world.writes


def test_asked_to_stop_it_finishes_what_is_in_flight_and_starts_nothing(site: Site) -> None:
    stop = threading.Event()
    site.world.after_write = lambda order: stop.set()
    wanted = [mailbox(f"m{number}@spf55.org") for number in range(20)]
    run = site.apply(site.plan(wanted), stop=stop)
    assert run.interrupted
    assert run.tally[Result.NOT_STARTED] == 20 - len(site.world.writes)
    assert run.tally[Result.DONE] == len(site.world.writes) <= 3
    site.world.after_write = lambda order: None
    site.apply(site.plan(wanted))
    assert site.plan(wanted).empty
    assert set(site.world.created.values()) == {1}


@pytest.mark.parametrize("moment", ["before_write", "after_write"])
@pytest.mark.parametrize("nth", [1, 3, 6])
def test_killed_at_any_write_the_next_run_completes_and_creates_nothing_twice(
    site: Site, moment: str, nth: int
) -> None:
    seen = []

    def die(order: Order) -> None:
        seen.append(order.address)
        if len(seen) >= nth:
            raise Killed

    wanted = [mailbox(f"m{number}@spf55.org", aliases=(f"x{number}@spf55.org",)) for number in range(6)]
    setattr(site.world, moment, die)
    with pytest.raises(Killed):
        site.apply(site.plan(wanted))
    setattr(site.world, moment, lambda order: None)
    site.apply(site.plan(wanted))
    assert site.plan(wanted).empty
    assert set(site.world.created.values()) == {1}
    records = site.store.read("spf55")
    assert records is not None
    assert len(records.records) == 6


def test_what_is_no_longer_described_is_deleted_only_if_it_is_ours(site: Site) -> None:
    theirs = Address.parse("spf55/mailbox/national@spf55.org")
    site.world.objects[theirs] = Live(theirs, {"licence": "E3"}, "x")
    site.apply(site.plan([mailbox("lou@spf55.org"), mailbox("jean@spf55.org")]))
    site.apply(site.plan([mailbox("jean@spf55.org")]))
    assert set(site.world.objects) == {theirs, Address.parse("spf55/mailbox/jean@spf55.org")}


def test_an_apply_meets_another_and_writes_nothing(site: Site) -> None:
    plan = site.plan([mailbox("lou@spf55.org")])
    with site.store.lock("spf55", Holder("run0", "Camille", "here", 1, "")), pytest.raises(Problem) as caught:
        site.apply(plan)
    assert caught.value.code == "STA05"
    assert caught.value.exit_code == 4
    assert not site.world.writes


def test_a_plan_made_before_another_apply_is_refused_whole(site: Site) -> None:
    plan, seen = site.plan([mailbox("lou@spf55.org")]), site.snapshots
    site.apply(site.plan([mailbox("jean@spf55.org")]))
    site.snapshots = seen
    with pytest.raises(Problem) as caught:
        site.apply(plan)
    assert caught.value.code == "STA04"
    assert site.world.writes == ["create spf55/mailbox/jean@spf55.org"]


def test_a_write_whose_record_found_no_room_is_not_called_a_failure(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise Problem("STA01", "No room left to write the journal.")

    monkeypatch.setattr(Recorder, "done", no_room)
    run = site.apply(site.plan([mailbox("anne@spf55.org")]))
    (outcome,) = run.outcomes
    assert Address.parse("spf55/mailbox/anne@spf55.org") in site.world.objects
    assert outcome.written
    assert outcome.problem is not None
    assert outcome.problem.code == "STA01"
    assert "the write was done" in outcome.problem.message
