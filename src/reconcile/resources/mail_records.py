"""The records a mail domain needs, in what order, and when each is due. Pure.

Additive ones at once; what the switch changes gets a short life a week before, the switch itself comes on the eve, once
every recipient exists; the long life and the old host's farewell follow.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping

from reconcile.resources.address import Address
from reconcile.resources.milestones import Milestones
from reconcile.resources.resource import Desired, Origin, Reference, Value

#: Seconds. So long an old answer lasts around the switch, and in ordinary times.
SWITCH_TTL = 300
USUAL_TTL = 3600
_DMARC = "v=DMARC1"
_TLS_REPORTS = "v=TLSRPTv1; rua={}"


@dataclasses.dataclass(frozen=True, slots=True)
class MailDomain:
    """One domain: its proof of ownership, and the mailboxes that must exist before mail is sent there."""

    federation: str
    name: str
    verified: Address
    recipients: tuple[Address, ...]
    is_root: bool
    origin: Origin | None

    def dns(self, key: str) -> Address:
        return Address(self.federation, "dns", key)


@dataclasses.dataclass(frozen=True, slots=True)
class Switch:
    """When the domain goes over, seen from ``now``; ``old_include``: the old host in SPF, "" when it is not known."""

    moments: Milestones
    now: dt.datetime
    old_include: str = ""
    tls_reports: str = ""

    @property
    def cutover(self) -> dt.datetime:
        return self.moments.cutover

    @property
    def over(self) -> bool:
        return self.now >= self.moments.cutover


def mail_records(domain: MailDomain, switch: Switch) -> Iterator[Desired]:
    """Every record of one domain."""
    yield from _early(domain, switch)
    yield from _signing(domain)
    yield from _switched(domain, switch)
    yield from _farewell(domain, switch)


def _early(domain: MailDomain, switch: Switch) -> Iterator[Desired]:
    """What may stand there long before the switch, beside what the old host needs."""
    proof = (domain.verified,)
    spf: dict[str, Value | Reference] = {"includes": Reference(domain.verified, "spf_includes")}
    yield Desired(_spf(domain), spf, proof, origin=domain.origin)
    if domain.is_root:  # subdomains have their root's policy (RFC 7489 §6.6.3)
        policy = domain.dns(f"_dmarc.{domain.name}/TXT/dmarc")
        yield Desired(policy, {"contains": (_DMARC,)}, proof, origin=domain.origin)
    if switch.tls_reports:
        reports = domain.dns(f"_smtp._tls.{domain.name}/TXT")
        yield Desired(reports, {"values": (_TLS_REPORTS.format(switch.tls_reports),)}, proof, origin=domain.origin)


def _signing(domain: MailDomain) -> Iterator[Desired]:
    """The keys, the names that point to them, then signing: all long before the first message leaves."""
    keys = Address(domain.federation, "dkim", domain.name)
    yield Desired(keys, {"keys": True}, (domain.verified,), origin=domain.origin)
    names = {
        domain.dns(f"{selector}._domainkey.{domain.name}/CNAME"): Reference(keys, selector)
        for selector in ("selector1", "selector2")
    }
    for name, target in names.items():
        yield Desired(name, {"values": target}, (keys,), origin=domain.origin)
    signing = Address(domain.federation, "dkim_signing", domain.name)
    yield Desired(signing, {"enabled": True}, (keys, *names), origin=domain.origin)


def _switched(domain: MailDomain, switch: Switch) -> Iterator[Desired]:
    """Where mail goes and where mail programs look, with their TTL before and after.

    Mail is not switched while the SPF record would then refuse the old host's mail, or Microsoft's.
    """
    frozen = domain.dns(f"{domain.name}/TXT/spf-mx")
    yield Desired(frozen, {"gone": True}, (_spf(domain),), switch.moments.preparation, domain.origin)
    ready: Mapping[str, tuple[Address, ...]] = {"MX": (_spf(domain), frozen), "CNAME": ()}
    for owner, rdtype, output in (
        (domain.name, "MX", "mx"),
        (f"autodiscover.{domain.name}", "CNAME", "autodiscover"),
    ):
        record = domain.dns(f"{owner}/{rdtype}")
        fields: dict[str, Value | Reference] = {"values": Reference(domain.verified, output)}
        needs = (domain.verified, *ready[rdtype], *domain.recipients)
        yield Desired(record, fields, needs, switch.cutover, domain.origin)
        life = domain.dns(f"{owner}/{rdtype}/ttl")
        if switch.over:
            yield Desired(life, {"ttl": USUAL_TTL}, (record,), switch.moments.settled, domain.origin)
        else:
            yield Desired(life, {"ttl": SWITCH_TTL}, (domain.verified,), switch.moments.preparation, domain.origin)


def _farewell(domain: MailDomain, switch: Switch) -> Iterator[Desired]:
    """The old host no longer sends for the domain."""
    if switch.old_include:
        gone = domain.dns(f"{domain.name}/TXT/spf-without-{switch.old_include}")
        mx = domain.dns(f"{domain.name}/MX")
        yield Desired(gone, {"gone": True}, (_spf(domain), mx), switch.moments.departure, domain.origin)


def _spf(domain: MailDomain) -> Address:
    return domain.dns(f"{domain.name}/TXT/spf")
