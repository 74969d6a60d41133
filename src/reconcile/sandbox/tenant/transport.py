"""What the tenant does with a message for one recipient: deliver it inside, hand it on, or refuse it.

As Exchange's pages on accepted domains, on connectors and on its non-delivery reports say: a known recipient is
delivered inside whatever the public MX says; an unknown one of an authoritative domain is refused at the edge, which
keeps a list of its own; one of an internal relay goes by the connector that names its domain most exactly, or by MX.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import ipaddress
from collections.abc import Sequence
from typing import Any

from reconcile.sandbox.tenant.world.objects import Domain
from reconcile.sandbox.tenant.world.world import World

#: So many servers of ours a message may have passed through.
MOST_HOPS = 15
#: What our servers write into a message they pass on.
MARK = ".prod.outlook.com"

FOREIGN = "550 5.7.64 TenantAttribution; Relay Access Denied"
DIRECT_SEND = (
    "550 5.7.68 TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources"
)
EDGE = "550 5.4.1 Recipient address rejected: Access denied"
LOOP = "554 5.4.14 Hop count exceeded - possible mail loop ATTR34"


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """A reply of SMTP. ``traced``: whether message trace shows it; what the edge refuses it never sees."""

    text: str
    traced: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Inside:
    """Delivered into the mailbox with that GUID."""

    guid: str


@dataclasses.dataclass(frozen=True, slots=True)
class Onwards:
    """Handed on to one of these hosts; by the public MX when there are none. ``connector``: by whose order."""

    hosts: tuple[str, ...] = ()
    connector: str = ""


Route = Refusal | Inside | Onwards


def route(world: World, sender: str, recipient: str, client: str, hops: int = 0) -> Route:
    """``client``: the address the message comes from, "" from inside the tenant. ``hops``: how often it was here."""
    name = recipient.lower()
    domain = world.domains.get(name.rpartition("@")[2])
    if domain is None or domain.accepted_as is None:
        return Refusal(FOREIGN) if client else Onwards()
    if client and _direct_send(world, sender, client):
        return Refusal(DIRECT_SEND)
    if client and domain.accepted_as == "Authoritative" and not _at_the_edge(world, domain, name):
        return Refusal(EDGE)
    box = world.mailbox_of(world.book.holder(name) or "")
    if box is not None:
        return Inside(box.guid)
    if domain.accepted_as == "Authoritative":
        return Refusal("550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", True)
    return Refusal(LOOP, True) if hops >= MOST_HOPS else _onwards(world, domain.name)


def _direct_send(world: World, sender: str, client: str) -> bool:
    """Anonymous mail in our own name, where the organization refuses that. The header's From is not looked at."""
    if not world.reject_direct_send or not world.is_accepted(sender.lower().rpartition("@")[2]):
        return False
    return not any(_covers(row, client) for row in world.inbound_connectors if row.get("Enabled", True))


def _at_the_edge(world: World, domain: Domain, address: str) -> bool:
    """Whether the edge's list of recipients, which lags behind and may be stuck, holds the address."""
    since = world.known_since.get(address)
    if since is None:
        return False
    if domain.edge_made is not None and since > domain.edge_made:
        return False
    return since + dt.timedelta(seconds=world.delays.edge_list) <= world.clock.now()


def _onwards(world: World, domain: str) -> Onwards:
    """By the connector that names the domain, then by one for all accepted domains, then by one with a wildcard."""
    live = [
        row
        for row in world.outbound_connectors
        if row.get("Enabled", True) and not row.get("IsTransportRuleScoped") and not row.get("TestMode")
    ]
    for fits in (_names, _takes_all, _wildcard):
        for row in live:
            if fits(row, domain):
                hosts: Sequence[str] = () if row.get("UseMXRecord") else row.get("SmartHosts", ())
                return Onwards(tuple(hosts), str(row.get("Name")))
    return Onwards()


def _names(row: dict[str, Any], domain: str) -> bool:
    return domain in {str(one).lower() for one in row.get("RecipientDomains", ())}


def _takes_all(row: dict[str, Any], _domain: str) -> bool:
    return bool(row.get("AllAcceptedDomains"))


def _wildcard(row: dict[str, Any], domain: str) -> bool:
    written = [str(one).lower() for one in row.get("RecipientDomains", ())]
    return any(one == "*" or (one.startswith("*.") and domain.endswith(one[1:])) for one in written)


def _covers(row: dict[str, Any], client: str) -> bool:
    networks = [ipaddress.ip_network(str(one), strict=False) for one in row.get("SenderIPAddresses", ())]
    return any(ipaddress.ip_address(client) in one for one in networks)
