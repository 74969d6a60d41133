"""A zone through the HTTP API of a real PowerDNS: our records alone, and taken back octet for octet."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from tests.providers.dns.primary.test_survival import ODD
from tests.providers.dns.servers import API_KEY, PowerDns, change, transfer
from tests.providers.dns.world import ORDINARY, World, zone_on

from reconcile.clock import SystemClock
from reconcile.problem import Problem
from reconcile.providers.base import Unknown
from reconcile.providers.dns.hosted.account import HostedZones
from reconcile.providers.dns.hosted.backends import open_backend
from reconcile.providers.dns.hosted.provider import HostedReader, HostedWriter
from reconcile.providers.dns.hosted.writes import HostedStore
from reconcile.providers.dns.journal import RecordJournal
from reconcile.providers.dns.undo import Undo
from reconcile.resources.resource import Live, Value

NEW = ("0 spf55-org.o-v1.mx.microsoft.",)
SWITCH: dict[str, dict[str, Value]] = {
    "MX": {"values": NEW},
    "MX/ttl": {"ttl": 300},
    "autodiscover CNAME": {"values": ("autodiscover.outlook.com.",)},
    "selector1._domainkey CNAME": {"values": ("selector1-x._domainkey.y.z-v1.dkim.mail.microsoft.",)},
    "_dmarc TXT/dmarc": {"contains": ("v=DMARC1",)},
}
TEXTS: dict[str, dict[str, Value]] = {
    "TXT/verification": {"contains": ("MS=ms12345678",)},
    "TXT/spf": {"includes": ("spf.protection.outlook.com",)},
    "TXT/spf-mx": {"gone": True},
    "TXT/spf-without-spf.oldhost.example": {"gone": True},
}
#: No text that the API would store otherwise.
PLAIN = ORDINARY.replace('@ 1800 IN TXT "two " "strings"\n', "")


@dataclasses.dataclass(frozen=True)
class Hosted:
    world: World
    undo: Undo


def hosted_on(server: PowerDns, folder: Path, text: str, *, signed: bool = False) -> Hosted:
    world = zone_on(server, text, signed=signed)
    options = {"host": "127.0.0.1", "port": server.api_port, "api_key": API_KEY}
    zones = HostedZones(lambda: open_backend("powerdns", options), [world.origin])
    journal = RecordJournal(folder, SystemClock())
    store = HostedStore(zones, SystemClock(), journal)

    def resolve(name: str, rdtype: str) -> tuple[str, ...] | None:
        return ("10 mx1.oldhost.example.",) if (name, rdtype) == (world.origin, "MX") else None

    provider = dataclasses.replace(world.provider, reader=HostedReader(zones), writer=HostedWriter(store, resolve))
    return Hosted(dataclasses.replace(world, provider=provider), Undo(store, journal))


@pytest.fixture
def hosted(powerdns: PowerDns, tmp_path: Path) -> Hosted:
    return hosted_on(powerdns, tmp_path, PLAIN)


def carry_out(world: World, wanted: dict[str, dict[str, Value]]) -> None:
    """As one plan would: all seen first."""
    planned = world.see_all(wanted)
    for key, fields in wanted.items():
        world.provider.writer.update(world.order(key, planned[key], **fields))


def test_a_whole_switch_is_carried_out_found_done_and_taken_back(hosted: Hosted) -> None:
    world = hosted.world
    before = transfer(world.port, world.origin)
    carry_out(world, SWITCH | TEXTS)
    switched = transfer(world.port, world.origin)
    assert world.see("MX").fields == {"values": NEW, "ttl": 300}
    assert world.see("TXT/spf").context["record"] == (
        "v=spf1 a a:mx1.oldhost.example ip4:198.51.100.7 include:spf.protection.outlook.com ~all"
    )
    carry_out(world, SWITCH | TEXTS)
    assert transfer(world.port, world.origin) == switched, "a second run writes nothing"
    ends = hosted.undo.carry_out(hosted.undo.look("spf55"))
    assert not [end for end in ends if isinstance(end, Problem)]
    assert transfer(world.port, world.origin) == before


@pytest.mark.parametrize("signed", [False, True])
def test_a_zone_full_of_odd_records_keeps_every_other_one(powerdns: PowerDns, tmp_path: Path, signed: bool) -> None:
    world = hosted_on(powerdns, tmp_path, ODD, signed=signed).world
    before = transfer(world.port, world.origin)
    asked = {key: fields for key, fields in SWITCH.items() if isinstance(world.see(key, **fields), Live)}
    assert "MX" in asked
    carry_out(world, asked)
    after = transfer(world.port, world.origin)
    apex = f"{world.origin}."
    moved = {key for key in before | after if before.get(key) != after.get(key)}
    assert moved <= {
        (apex, 15),
        (f"autodiscover.{apex}", 5),
        (f"selector1._domainkey.{apex}", 5),
        (f"_dmarc.{apex}", 16),
    }
    assert (apex, 15) in moved


def test_texts_the_api_would_store_otherwise_are_never_sent_again(powerdns: PowerDns, tmp_path: Path) -> None:
    world = hosted_on(powerdns, tmp_path, ORDINARY).world
    before = transfer(world.port, world.origin)
    with pytest.raises(Problem) as refusal:
        world.put("TXT/verification", contains=("MS=ms12345678",))
    assert refusal.value.code == "DNS18"
    assert "MS=ms12345678" in refusal.value.hint
    assert transfer(world.port, world.origin) == before


def test_an_edit_since_the_plan_is_refused_and_survives(hosted: Hosted) -> None:
    world = hosted.world
    planned = world.see("MX")
    change(world.port, world.origin, add=["@ 86400 MX 5 other.example."])
    before = transfer(world.port, world.origin)
    with pytest.raises(Problem) as refusal:
        world.provider.writer.update(world.order("MX", planned, values=NEW))
    assert refusal.value.code == "DNS07"
    assert transfer(world.port, world.origin) == before


def test_an_undo_leaves_somebody_elses_later_edit(hosted: Hosted) -> None:
    world = hosted.world
    carry_out(world, {"MX": {"values": NEW}})
    change(world.port, world.origin, delete=["@ MX"], add=["@ 300 MX 0 theirs.example."])
    (end,) = hosted.undo.carry_out(hosted.undo.look("spf55"))
    assert isinstance(end, Problem)
    assert end.code == "DNS07"
    assert world.see("MX").fields["values"] == ("0 theirs.example.",)


def test_a_name_below_a_delegation_is_not_written_in_the_parent(hosted: Hosted) -> None:
    world = hosted.world
    change(world.port, world.origin, add=["verdun 3600 NS ns.elsewhere.example."])
    shown = world.see("autodiscover.verdun CNAME", values=("autodiscover.outlook.com.",))
    assert isinstance(shown, Unknown)
    assert "delegated" in shown.reason


def test_a_wrong_key_is_unknown_and_never_shown(powerdns: PowerDns) -> None:
    world = zone_on(powerdns, PLAIN)
    options = {"host": "127.0.0.1", "port": powerdns.api_port, "api_key": "wrong-secret"}
    reader = HostedReader(HostedZones(lambda: open_backend("powerdns", options), [world.origin]))
    there = dataclasses.replace(world, provider=dataclasses.replace(world.provider, reader=reader))
    shown = there.see("MX")
    assert isinstance(shown, Unknown)
    assert "wrong-secret" not in shown.reason
