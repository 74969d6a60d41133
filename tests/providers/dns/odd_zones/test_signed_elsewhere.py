"""Zones signed elsewhere: the server takes the update and has not the keys."""

from __future__ import annotations

import itertools

import dns.dnssec
import dns.dnssectypes
import dns.name
import dns.zone
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.providers.dns.checks.test_survey import NOON, looking_at
from tests.providers.dns.servers import PowerDns, Server, transfer
from tests.providers.dns.world import ORDINARY, World, provider_of, zone_on

from reconcile.problem import Problem
from reconcile.providers.base import Weight
from reconcile.providers.dns.checks.servers import SwitchMoments

TOKEN = ("MS=ms12345678",)
_numbers = itertools.count(1)


def signed_offline(server: Server) -> World:
    """The ordinary zone, signed by keys that the server does not have."""
    origin = f"offline{next(_numbers):03}.example"
    sign_offline(server, origin, ORDINARY)
    return World(server, origin, provider_of(server.port))


def sign_offline(server: Server, origin: str, text: str) -> None:
    """Give a server a zone signed elsewhere."""
    zone = dns.zone.from_text(text, dns.name.from_text(origin), relativize=False)
    keys = []
    for flags in (257, 256):
        key = ec.generate_private_key(ec.SECP256R1())
        public = dns.dnssec.make_dnskey(key.public_key(), dns.dnssectypes.Algorithm.ECDSAP256SHA256, flags=flags)
        keys.append((key, public))
    with zone.writer() as writer:
        dns.dnssec.sign_zone(zone, writer, keys=keys, lifetime=60 * 86400, add_dnskey=True)
    server.add(origin, zone.to_text(relativize=False))
    if isinstance(server, PowerDns):
        server._pdnsutil("set-presigned", origin)


@pytest.mark.parametrize("kind", ["knot", "powerdns"])
def test_a_write_that_is_served_with_old_signatures_is_undone_and_said(
    request: pytest.FixtureRequest, kind: str
) -> None:
    world = signed_offline(request.getfixturevalue(kind))
    before = transfer(world.port, world.origin)
    with pytest.raises(Problem) as refusal:
        world.put("TXT/verification", contains=TOKEN)
    assert refusal.value.code == "DNS23"
    assert "signed (DNSSEC) elsewhere" in refusal.value.message
    assert transfer(world.port, world.origin) == before
    moments = SwitchMoments(NOON, NOON)
    found = looking_at(world).before_switch({world.origin: moments}, NOON)
    assert [one.weight for one in found if one.check == "dnssec"] == [Weight.BLOCKS]


def test_a_servfail_for_want_of_keys_is_told_as_what_it_is(bind: Server) -> None:
    """BIND refuses the update; Knot and PowerDNS take it."""
    world = signed_offline(bind)
    with pytest.raises(Problem) as refusal:
        world.put("TXT/verification", contains=TOKEN)
    assert refusal.value.code == "DNS23"
    assert "cannot sign the update" in refusal.value.message


@pytest.mark.parametrize("kind", ["knot", "powerdns", "bind"])
def test_a_zone_signed_where_it_is_written_is_written(request: pytest.FixtureRequest, kind: str) -> None:
    world = zone_on(request.getfixturevalue(kind), ORDINARY, signed=True)
    assert set(TOKEN) <= set(world.put("TXT/verification", contains=TOKEN).fields["contains"])
    found = looking_at(world).before_switch({world.origin: SwitchMoments(NOON, NOON)}, NOON)
    assert not [one for one in found if one.check == "dnssec"]
