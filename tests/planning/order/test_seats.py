"""Seats are counted before anything is written: who has one, who waits for somebody else's, who goes without."""

from __future__ import annotations

import datetime as dt

from reconcile.planning.order.order import ordered
from reconcile.planning.order.seats import Allocation, allocate
from reconcile.planning.plan.plan import Action, Cause, Change, FieldChange, Plan, SeatCount
from reconcile.planning.plan.targets import restrict
from reconcile.providers.base import Seats
from reconcile.resources.address import Address

JANUARY, MARCH = (dt.datetime(2025, month, 2, 17, 0, tzinfo=dt.UTC) for month in (1, 3))
#: Two subscriptions stand for E1, the one without Teams is preferred.
E1, OLD_E1, E3 = "E1 (no Teams)", "E1", "E3 (no Teams)"


def box(name: str, slug: str = "spf55") -> Address:
    return Address(slug, "mailbox", f"{name}@{slug}.org")


def asks(address: Address, licence: str, due: dt.datetime = JANUARY) -> Change:
    field = FieldChange("licence", None, licence, Cause.YAML)
    return Change(address, Action.CREATE, Cause.YAML, None, {"licence": licence}, (field,), due=due)


def goes(address: Address, due: dt.datetime | None = None) -> Change:
    return Change(address, Action.DELETE, Cause.YAML, None, {}, due=due)


def counted(
    changes: list[Change], e1: int = 0, old_e1: int = 0, e3: int = 0, held: dict[Address, tuple[str, ...]] | None = None
) -> Allocation:
    return allocate(changes, Seats({"E1": {E1: e1, OLD_E1: old_e1}, "E3": {E3: e3}}, held or {}))


def test_seats_of_every_subscription_of_a_licence_count() -> None:
    made = counted([asks(box("anne"), "E1"), asks(box("luc"), "E1")], e1=1, old_e1=1)
    assert made.counts == (SeatCount("E1", 2, 0, 2),)
    assert not made.waits


def test_a_seat_short_names_the_mailbox_that_goes_without() -> None:
    made = counted([asks(box("anne"), "E1"), asks(box("luc"), "E1"), asks(box("zoe"), "E3")], e1=1, e3=5)
    assert made.counts == (SeatCount("E1", 1, 0, 1, (box("luc"),)), SeatCount("E3", 5, 0, 1))


def test_subscriptions_used_beyond_what_was_bought_have_no_seat_and_gain_none_at_once() -> None:
    changes = [goes(box("parti")), asks(box("anne"), "E3")]
    made = counted(changes, e3=-1, held={box("parti"): (E3,)})
    assert made.counts == (SeatCount("E3", 0, 1, 0, (box("anne"),)),)


def test_who_takes_the_seat_of_somebody_who_leaves_waits_for_that() -> None:
    changes = [asks(box("anne"), "E1"), asks(box("luc"), "E1"), goes(box("parti"))]
    made = counted(changes, e1=1, held={box("parti"): (OLD_E1,)})
    assert made.counts == (SeatCount("E1", 1, 1, 2),)
    after = {change.address: change.after for change in ordered(changes, made.waits)}
    assert after[box("anne")] == ()
    assert after[box("luc")] == (box("parti"),)


def test_a_swap_gives_back_the_seat_it_leaves() -> None:
    changes = [asks(box("anne"), "E3"), asks(box("luc"), "E1")]
    made = counted(changes, e3=1, held={box("anne"): (E1,)})
    assert made.waits == {box("luc"): box("anne")}
    assert made.counts == (SeatCount("E1", 0, 1, 1), SeatCount("E3", 1, 0, 1))


def test_two_who_would_swap_the_last_seats_both_lack_one() -> None:
    changes = [asks(box("anne"), "E3"), asks(box("luc"), "E1")]
    made = counted(changes, held={box("anne"): (E1,), box("luc"): (E3,)})
    assert made.counts == (SeatCount("E1", 0, 0, 0, (box("luc"),)), SeatCount("E3", 0, 0, 0, (box("anne"),)))


def test_a_mailbox_that_becomes_a_shared_one_gives_its_seat_back() -> None:
    made = counted([asks(box("contact"), "shared"), asks(box("anne"), "E1")], held={box("contact"): (E1,)})
    assert made.counts == (SeatCount("E1", 0, 1, 1),)
    assert made.waits == {box("anne"): box("contact")}


def test_an_account_that_has_its_licence_and_not_its_mailbox_yet_takes_no_seat() -> None:
    assert counted([asks(box("anne"), "E1")], held={box("anne"): (E1,)}).counts == ()


def test_a_change_of_something_else_takes_no_seat() -> None:
    field = FieldChange("phone", "", "0329000000", Cause.YAML)
    wanted = {"licence": "E1", "phone": "0329000000"}
    assert counted([Change(box("anne"), Action.UPDATE, Cause.YAML, None, wanted, (field,))]).counts == ()


def test_what_is_due_first_is_served_first_and_a_later_release_does_not_help_it() -> None:
    changes = [asks(box("anne", "spf51"), "E1", MARCH), asks(box("luc"), "E1"), asks(box("zoe"), "E1")]
    made = counted([*changes, goes(box("parti"), MARCH)], e1=1, held={box("parti"): (E1,)})
    assert made.counts == (SeatCount("E1", 1, 1, 2, (box("zoe"),)),)
    assert made.waits == {box("anne", "spf51"): box("parti")}


def test_a_federation_that_can_be_served_whole_comes_before_one_that_cannot() -> None:
    large = [asks(box(name, "spf51"), "E1") for name in ("anne", "luc", "yan", "zoe")]
    small = [asks(box(name, "spf55"), "E1") for name in ("eva", "max")]
    (count,) = counted([*large, *small], e1=3).counts
    assert count.lacking == (box("luc", "spf51"), box("yan", "spf51"), box("zoe", "spf51"))


def test_a_tenant_without_the_subscription_has_no_seat() -> None:
    made = allocate([asks(box("anne"), "E3")], Seats({"E1": {E1: 5}, "E3": {}}, {}))
    assert made.counts == (SeatCount("E3", 0, 0, 0, (box("anne"),)),)


def test_without_a_count_nothing_is_said() -> None:
    assert allocate([asks(box("anne"), "E3")], None) == Allocation()


def _targeted(made: Allocation, pattern: str, *changes: Change) -> Plan:
    moment = JANUARY
    plan = Plan(moment, moment, "test", {}, changes, seats=made.counts)
    return restrict(plan, [pattern])


def test_a_partial_plan_counts_only_the_seats_of_what_is_in_it() -> None:
    changes = [asks(box(name), "E1") for name in ("anne", "luc", "zoe")]
    part = _targeted(counted(changes, e1=5), "spf55/mailbox/luc@*", *changes)
    assert part.seats == (SeatCount("E1", 5, 0, 1),)


def test_a_mailbox_planned_alone_takes_the_seat_that_another_would_have_had() -> None:
    changes = [asks(box(name), "E1") for name in ("anne", "luc", "zoe")]
    whole = counted(changes, e1=1)
    (count,) = whole.counts
    late = count.lacking[-1]
    part = _targeted(whole, str(late), *changes)
    assert part.seats == (SeatCount("E1", 1, 0, 1),)
    assert part.lacking == frozenset()


def test_a_partial_plan_that_moves_no_seat_counts_none() -> None:
    changes = [
        asks(box("anne"), "E1"),
        Change(Address("spf55", "dns", "spf55.org/MX"), Action.CREATE, Cause.YAML, None, {}),
    ]
    assert _targeted(counted(changes, e1=5), "spf55/dns/*", *changes).seats == ()
