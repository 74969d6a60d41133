"""The records a mail domain needs, in what order, and when each is due. Pure.

Additive ones at once; what the switch changes gets a short life a week before; on the eve, all domains of a federation
are switched together, once every one of its mailboxes had its turn; the long life and the old host's farewell follow.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

from reconcile.resources.address import Address
from reconcile.resources.milestones import Milestones
from reconcile.resources.resource import Desired, Place, Reference, Value

#: Seconds. So long an old answer lasts around the switch, and in ordinary times.
SWITCH_TTL = 300
USUAL_TTL = 3600
_FAREWELL = "spf-without-"
_DMARC = "v=DMARC1"
_TLS_REPORTS = "v=TLSRPTv1; rua={}"


@dataclasses.dataclass(frozen=True, slots=True)
class MailDomain:
    """One domain, and its proof of ownership."""

    federation: str
    name: str
    verified: Address
    is_root: bool
    place: Place | None

    def dns(self, key: str) -> Address:
        return Address(self.federation, "dns", key)


@dataclasses.dataclass(frozen=True, slots=True)
class Switch:
    """When a federation's domains go over, seen from ``now``, and what all of them wait for.

    ``old_include``: the old host in SPF, "" when it is not known. ``ready``: what must be right in each of the domains.
    ``boxes``: its mailboxes and the rights on them, whose turn comes first; ``spare`` of the mailboxes may be late, for
    the relay covers them.
    """

    moments: Milestones
    now: dt.datetime
    old_include: str = ""
    tls_reports: str = ""
    ready: tuple[Address, ...] = ()
    boxes: tuple[Address, ...] = ()
    spare: int = 0

    @property
    def cutover(self) -> dt.datetime:
        return self.moments.cutover

    @property
    def over(self) -> bool:
        return self.now >= self.moments.cutover


def before_the_switch(domain: MailDomain) -> tuple[Address, ...]:
    """What must be right in a domain before the mail of its federation is switched: an SPF record that refuses neither
    the old host's mail nor Microsoft's, for one."""
    return (domain.verified, _spf(domain), _frozen(domain))


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
    yield Desired(_spf(domain), spf, proof, place=domain.place)
    if domain.is_root:  # subdomains have their root's policy (RFC 7489 §6.6.3)
        policy = domain.dns(f"_dmarc.{domain.name}/TXT/dmarc")
        yield Desired(policy, {"contains": (_DMARC,)}, proof, place=domain.place)
    if switch.tls_reports:
        reports = domain.dns(f"_smtp._tls.{domain.name}/TXT")
        yield Desired(reports, {"values": (_TLS_REPORTS.format(switch.tls_reports),)}, proof, place=domain.place)


def _signing(domain: MailDomain) -> Iterator[Desired]:
    """The keys, the names that point to them, then signing: all long before the first message leaves."""
    keys = Address(domain.federation, "dkim", domain.name)
    yield Desired(keys, {"keys": True}, (domain.verified,), place=domain.place)
    names = {
        domain.dns(f"{selector}._domainkey.{domain.name}/CNAME"): Reference(keys, selector)
        for selector in ("selector1", "selector2")
    }
    for name, target in names.items():
        yield Desired(name, {"values": target}, (keys,), place=domain.place)
    signing = Address(domain.federation, "dkim_signing", domain.name)
    yield Desired(signing, {"enabled": True}, (keys, *names), place=domain.place)


def _switched(domain: MailDomain, switch: Switch) -> Iterator[Desired]:
    """Where mail goes and where mail programs look, with their TTL before and after."""
    yield Desired(_frozen(domain), {"gone": True}, (_spf(domain),), switch.moments.preparation, domain.place)
    for owner, rdtype, output in (
        (domain.name, "MX", "mx"),
        (f"autodiscover.{domain.name}", "CNAME", "autodiscover"),
    ):
        record = domain.dns(f"{owner}/{rdtype}")
        fields: dict[str, Value | Reference] = {"values": Reference(domain.verified, output)}
        yield Desired(
            record,
            fields,
            switch.ready,
            switch.cutover,
            domain.place,
            behind=switch.boxes,
            spare=switch.spare,
        )
        life = domain.dns(f"{owner}/{rdtype}/ttl")
        if switch.over:
            yield Desired(life, {"ttl": USUAL_TTL}, (record,), switch.moments.settled, domain.place)
        else:
            yield Desired(life, {"ttl": SWITCH_TTL}, (domain.verified,), switch.moments.preparation, domain.place)


def _farewell(domain: MailDomain, switch: Switch) -> Iterator[Desired]:
    """The old host no longer sends for the domain, some time after the switch however late that one came."""
    if switch.old_include:
        gone = domain.dns(f"{domain.name}/TXT/{_FAREWELL}{switch.old_include}")
        mx = domain.dns(f"{domain.name}/MX")
        needs = (_spf(domain), mx)
        yield Desired(gone, {"gone": True}, needs, switch.moments.departure, domain.place, apart=(mx,))


def farewell_to(address: Address) -> str:
    """Whose include that record is the absence of; "" for any other."""
    part = address.key.rpartition("/")[2]
    return part.removeprefix(_FAREWELL) if address.kind == "dns" and part.startswith(_FAREWELL) else ""


def _spf(domain: MailDomain) -> Address:
    return domain.dns(f"{domain.name}/TXT/spf")


def _frozen(domain: MailDomain) -> Address:
    """That no term of the SPF record follows the MX to Microsoft."""
    return domain.dns(f"{domain.name}/TXT/spf-mx")
