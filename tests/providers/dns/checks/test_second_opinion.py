"""checkdmarc's opinion beside ours, through the resolvers of the settings and no others."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.providers.dns.caching import caching_resolver
from tests.providers.dns.servers import Server, change
from tests.providers.dns.world import ORDINARY, World, zone_on

from reconcile.providers.base import Weight
from reconcile.providers.dns.checks.resolver import Resolver
from reconcile.providers.dns.checks.servers import SwitchMoments
from reconcile.providers.dns.checks.survey import Surveyor
from reconcile.providers.dns.primary.client import Primary

pytestmark = pytest.mark.checkdmarc

NOON = dt.datetime(2025, 1, 19, 12, tzinfo=dt.UTC)
SOUND = ORDINARY.replace(
    "v=spf1 a mx include:spf.oldhost.example ip4:198.51.100.7 ~all", "v=spf1 ip4:198.51.100.7 -all"
)


def opinion(world: World, resolver: int) -> list[tuple[Weight, str]]:
    primary = Primary("127.0.0.1", world.port)
    resolvers = (f"127.0.0.1:{resolver}",)
    surveyor = Surveyor(primary, Resolver(primary, resolvers), resolvers)
    found = surveyor.survey([world.origin], SwitchMoments(NOON, NOON), NOON).findings
    return [(one.weight, one.sentence) for one in found if one.check == "checkdmarc"]


def test_sound_records_are_found_sound(embedded: Server) -> None:
    world = zone_on(embedded, SOUND)
    with caching_resolver(world.port) as resolver:
        reported = opinion(world, resolver.port)
    assert [sentence for weight, sentence in reported if weight is Weight.FINE and "SPF" in sentence], reported


def test_a_broken_policy_is_told_and_no_name_that_does_not_exist_is_asked_for(embedded: Server) -> None:
    world = zone_on(embedded, SOUND)
    with caching_resolver(world.port) as resolver:
        opinion(world, resolver.port)
        assert f"_dmarc.{world.origin}" not in resolver.asked
    change(world.port, world.origin, add=['_dmarc 3600 TXT "v=DMARC1; p=perhaps"'])
    with caching_resolver(world.port) as resolver:
        reported = opinion(world, resolver.port)
    assert [sentence for weight, sentence in reported if weight is Weight.WARNS and "DMARC" in sentence], reported
