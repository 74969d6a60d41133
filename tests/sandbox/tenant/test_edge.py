"""The edge's own list of recipients: it lags, may be stuck, and is made anew when its domain was a relay again."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random

import pytest

from reconcile.sandbox.tenant.behaviour.profiles import PROFILES
from reconcile.sandbox.tenant.behaviour.virtual_clock import VirtualClock
from reconcile.sandbox.tenant.exchange.organization import Organization
from reconcile.sandbox.tenant.transport import EDGE, Inside, Refusal, route
from reconcile.sandbox.tenant.world.objects import Domain
from reconcile.sandbox.tenant.world.skus import subscriptions
from reconcile.sandbox.tenant.world.world import World

START = dt.datetime(2025, 1, 21, 17, tzinfo=dt.UTC)
STRANGER, CLIENT = "quelqu.un@orange.example", "198.51.100.7"


def tenant(*, lag: float = 0.0, stuck: bool = False) -> World:
    profile = PROFILES["calm"]
    delays = dataclasses.replace(profile.delays, edge_list=lag)
    profile = dataclasses.replace(profile, delays=delays, edge_stuck=stuck)
    source = random.Random(1)  # noqa: S311 - repeatable identifiers, not secrets
    world = World(VirtualClock(START, lambda: 0.0), source, subscriptions(None), profile, None)
    world.domains["spf55.org"] = Domain("spf55.org", verified=True, accepted_as="InternalRelay")
    for name in ("anne", "zoe"):
        user = world.add_user({"userPrincipalName": f"{name}@spf55.org"})
        world.add_mailbox(user, name, name, [f"SMTP:{name}@spf55.org"], shared=False)
        world.clock.advance_to(world.clock.now() + dt.timedelta(hours=1))
    return world


def organization(world: World) -> Organization:
    return Organization(world, lambda _name, _type: ())


def become(here: Organization, kind: str) -> None:
    here.set_accepted_domain({"identity": "spf55.org", "domaintype": kind})


def refused(world: World, name: str) -> bool:
    found = route(world, STRANGER, f"{name}@spf55.org", CLIENT)
    assert isinstance(found, Inside) or found == Refusal(EDGE)
    return isinstance(found, Refusal)


def test_a_list_that_is_stuck_lacks_the_youngest_and_is_cured_by_one_toggle() -> None:
    world = tenant(stuck=True)
    here = organization(world)
    become(here, "Authoritative")
    assert (refused(world, "anne"), refused(world, "zoe")) == (False, True)
    become(here, "InternalRelay")
    assert not refused(world, "zoe")
    become(here, "Authoritative")
    assert not refused(world, "zoe")


def test_a_list_that_lags_knows_an_address_some_time_later() -> None:
    world = tenant(lag=7200)
    become(organization(world), "Authoritative")
    assert (refused(world, "anne"), refused(world, "zoe")) == (False, True)
    world.clock.advance_to(START + dt.timedelta(hours=3))
    assert not refused(world, "zoe")


@pytest.mark.parametrize("kind", ["Authoritative", "InternalRelay"])
def test_mail_from_inside_never_meets_the_edge(kind: str) -> None:
    world = tenant(stuck=True)
    become(organization(world), kind)
    assert isinstance(route(world, "anne@spf55.org", "zoe@spf55.org", ""), Inside)
