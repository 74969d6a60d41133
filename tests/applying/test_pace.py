"""The pace of writes under throttling."""

from __future__ import annotations

from tests.applying.memory import World

from reconcile.applying.pace import RECOVERY, Pace
from reconcile.providers.base import Provider


class Watch:
    now = 0.0
    throttled = 0


def pace() -> tuple[Pace, Watch]:
    watch, world = Watch(), World()
    provider = Provider("microsoft", world, world, {"mailbox": 32, "access": 8}, throttled=lambda: watch.throttled)
    return Pace({"microsoft": provider}, lambda: watch.now), watch


def test_an_unhurried_tenant_is_written_to_as_its_provider_allows() -> None:
    limit, _ = pace()
    assert (limit("mailbox"), limit("access")) == (32, 8)


def test_each_request_to_slow_down_halves_the_pace_of_every_kind() -> None:
    limit, watch = pace()
    watch.throttled += 1
    assert (limit("mailbox"), limit("access")) == (16, 4)
    watch.throttled += 1
    assert (limit("mailbox"), limit("access")) == (8, 2)


def test_a_burst_of_refusals_heard_at_once_halves_it_once() -> None:
    limit, watch = pace()
    watch.throttled += 20
    assert limit("mailbox") == 16


def test_the_pace_never_falls_to_nothing() -> None:
    limit, watch = pace()
    for _ in range(30):
        watch.throttled += 1
        limit("mailbox")
    assert limit("mailbox") == limit("access") == 1


def test_the_pace_comes_back_when_the_tenant_is_left_in_peace() -> None:
    limit, watch = pace()
    for _ in range(2):
        watch.throttled += 1
        limit("mailbox")
    watch.now += RECOVERY
    assert limit("mailbox") == 16
    watch.now += RECOVERY
    assert limit("mailbox") == 32
    watch.now += 100 * RECOVERY
    assert limit("mailbox") == 32
