"""Settings of the tenant that would refuse mail between federations that have moved and those that have not."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.providers.microsoft.reading.tenant import Tenant

Row = Mapping[str, Any]


def refusals_of_mail(tenant: Tenant, old_hosts: Iterable[str]) -> tuple[str, ...]:
    """A sentence for each setting in the way. ``old_hosts``: names of the hosts that still send for federations.

    Raises what the tenant's lists raise when they cannot be read: unknown is not "nothing in the way".
    """
    addresses = {address for host in old_hosts for address in _addresses(host)}
    inbound = [row for row in tenant.inbound_connectors() if row.get("Enabled")]
    outbound = [row for row in tenant.outbound_connectors() if row.get("Enabled")]
    direct = _direct_send(tenant.organization(), inbound, addresses)
    return (*direct, *_attributed(inbound, addresses), *_catch_all(outbound))


def _direct_send(organization: Row, inbound: Iterable[Row], addresses: Collection[str]) -> Iterator[str]:
    """With RejectDirectSend every message of a federation still on the old host bounces (550 5.7.68), unless a partner
    connector knows that host."""
    if not organization.get("RejectDirectSend"):
        return
    partners = [row for row in inbound if row.get("ConnectorType") == "Partner"]
    if not addresses or not all(any(_covers(row, one) for row in partners) for one in addresses):
        yield (
            "RejectDirectSend is on, and no Partner inbound connector names the old host: mail from federations not "
            "moved yet would bounce (5.7.68)"
        )


def _attributed(inbound: Iterable[Row], addresses: Collection[str]) -> Iterator[str]:
    """An OnPremises connector by the address of a shared host takes other people's mail for ours (MC1226222)."""
    for row in inbound:
        if row.get("ConnectorType") == "OnPremises" and any(_covers(row, one) for one in addresses):
            yield Phrase(
                "the inbound connector {name} is OnPremises and names the old host, which serves others",
                name=row.get("Name"),
            )


def _catch_all(outbound: Iterable[Row]) -> Iterator[str]:
    """A connector for all accepted domains serves each domain not listed elsewhere: it takes what the relay should."""
    for row in outbound:
        if row.get("AllAcceptedDomains"):
            yield Phrase(
                "the outbound connector {name} takes the mail of all accepted domains (5.4.14)", name=row.get("Name")
            )


def _covers(row: Row, address: str) -> bool:
    for written in row.get("SenderIPAddresses") or ():
        try:
            if ipaddress.ip_address(address) in ipaddress.ip_network(str(written), strict=False):
                return True
        except ValueError:
            continue
    return False


def _addresses(host: str) -> set[str]:
    """The host's addresses; none when its name leads nowhere."""
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    except OSError:
        return set()
