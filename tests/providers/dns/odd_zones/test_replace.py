"""``replace = true``: our alias takes the place of other records at a name, journalled and undoable."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.providers.dns.servers import SECRET, change, transfer
from tests.providers.dns.world import ORDINARY, World, settings_of, zone_on

from reconcile.clock import SystemClock
from reconcile.config.settings.tables.dns import DnsName
from reconcile.problem import Problem
from reconcile.providers.base import Live, Order, Unknown
from reconcile.providers.dns.journal import RecordJournal
from reconcile.providers.dns.primary.updates import PrimaryStore
from reconcile.providers.dns.provider import dns_provider, replaceable, signing_primary
from reconcile.providers.dns.reader import DnsReader
from reconcile.providers.dns.undo import Undo

TARGET = ("autodiscover.outlook.com.",)
KEY = "autodiscover CNAME"
CPANEL = ["autodiscover 14400 A 192.0.2.44", 'autodiscover 14400 TXT "v=spf1 -all"']


@dataclasses.dataclass(frozen=True)
class Replacing:
    world: World
    undo: Undo


@pytest.fixture(params=["knot", "bind", "powerdns", "embedded", "knot signed", "bind signed", "powerdns signed"])
def replacing(request: pytest.FixtureRequest, tmp_path: Path) -> Replacing:
    kind, _, signed = request.param.partition(" ")
    server = request.getfixturevalue(kind)
    world = zone_on(server, ORDINARY.replace("autodiscover 86400", "; "), signed=bool(signed))
    change(world.port, world.origin, add=CPANEL)
    names = {f"autodiscover.{world.origin}": DnsName(replace=True)}
    settings = settings_of(server.port).model_copy(update={"names": names})
    clock = SystemClock()
    provider = dns_provider(settings, SECRET, clock, tmp_path)
    reader = DnsReader(provider.reader.primary, None, replaceable(settings))  # type: ignore[attr-defined]
    journal = RecordJournal(tmp_path, clock)
    store = PrimaryStore(signing_primary(settings, SECRET, clock), clock, journal, replaceable(settings))
    provider = dataclasses.replace(provider, reader=reader)
    return Replacing(dataclasses.replace(world, provider=provider), Undo(store, journal))


def order(world: World) -> Order:
    shown = world.see(KEY, values=TARGET)
    assert isinstance(shown, Live)
    assert shown.context["record"] == "replaces A 192.0.2.44, TXT v=spf1 -all"
    return world.order(KEY, shown, values=TARGET)


def test_the_alias_takes_the_place_and_an_undo_brings_the_records_back(replacing: Replacing) -> None:
    world = replacing.world
    before = transfer(world.port, world.origin)
    written = world.provider.writer.update(order(world))
    assert written.fields["values"] == TARGET
    name = f"autodiscover.{world.origin}."
    after = transfer(world.port, world.origin)
    assert {rdtype for owner, rdtype in after if owner == name} == {5}
    assert {key for key in before | after if before.get(key) != after.get(key)} == {(name, 1), (name, 16), (name, 5)}
    found = replacing.undo.look("spf55")
    ends = replacing.undo.carry_out(found)
    assert not [end for end in ends if isinstance(end, Problem)], ends
    assert transfer(world.port, world.origin) == before
    assert replacing.undo.look("spf55") == []


def test_records_changed_since_the_plan_are_not_replaced(replacing: Replacing) -> None:
    world = replacing.world
    planned = order(world)
    change(world.port, world.origin, add=["autodiscover 14400 A 192.0.2.45"])
    before = transfer(world.port, world.origin)
    with pytest.raises(Problem) as refusal:
        world.provider.writer.update(planned)
    assert refusal.value.code == "DNS07"
    assert "192.0.2.45" in refusal.value.message
    assert transfer(world.port, world.origin) == before


def test_the_ttl_of_what_goes_is_left_alone(replacing: Replacing) -> None:
    shown = replacing.world.see("autodiscover CNAME/ttl", ttl=300)
    assert isinstance(shown, Live)
    assert shown.fields == {"ttl": 300}


def test_no_other_name_is_replaced(replacing: Replacing) -> None:
    world = replacing.world
    change(world.port, world.origin, add=['selector1._domainkey 3600 TXT "v=DKIM1; p=MIGf"'])
    assert isinstance(world.see("selector1._domainkey CNAME", values=("s1.example.",)), Unknown)
