"""What stands at a name of a hosted zone, and what keeps a record from being published there."""

from __future__ import annotations

import collections
from collections.abc import Collection

import dns.name
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.hosted.zone import HostedZone
from reconcile.providers.dns.primary.answers import Question
from reconcile.providers.dns.primary.name_status import cname_conflict
from reconcile.providers.dns.records.keys import RecordKey

Rdataset = dns.rdataset.Rdataset


def rrset_in(zone: HostedZone, key: RecordKey, along: Collection[RecordKey] = ()) -> Rdataset | None:
    """The RRset at the name. Raises DNS10 when an alias, or what an alias would replace, is in the way.

    ``along``: records read or changed together with it; those are not in its way.
    """
    if (cut := _delegated(zone, key.name)) is not None:
        raise _blocked(key, Phrase("{cut} is delegated to other servers", cut=cut.to_text(omit_final_dot=True)))
    found = zone.records.get(Question(key.name, key.rdtype))
    if found is None and key.rdtype == RdataType.CNAME:
        in_the_way = [rdtype for rdtype in others_in(zone, key) if RecordKey(key.name, rdtype) not in along]
        if types := [*map(dns.rdatatype.to_text, in_the_way), *zone.unread.get(key.name, ())]:
            raise cname_conflict(key, sorted(types))
    alias = RecordKey(key.name, RdataType.CNAME)
    if key.rdtype != RdataType.CNAME and alias not in along and Question(*alias[:2]) in zone.records:
        raise _blocked(key, Phrase("{owner} is an alias (CNAME)", owner=key.owner))
    if found is None:
        _refuse_uncovering(zone, key)
    return found


def others_in(zone: HostedZone, key: RecordKey) -> dict[RdataType, Rdataset]:
    """The other records at a name that is to become an alias, by type."""
    if key.rdtype != RdataType.CNAME:
        return {}
    return {
        question.rdtype: rdataset
        for question, rdataset in zone.records.items()
        if question.name == key.name and question.rdtype != RdataType.CNAME
    }


def replaceable_in(zone: HostedZone, key: RecordKey, replace: Collection[dns.name.Name]) -> dict[RdataType, Rdataset]:
    """The records that our alias may take the place of; none where one of them is a delegation, or cannot be read."""
    if key.name not in replace or key.name in zone.unread or _delegated(zone, key.name) is not None:
        return {}
    return others_in(zone, key)


def kept_by(zone: HostedZone, key: RecordKey) -> str:
    """Where a name leads that holds no record itself: an alias, or a delegation to other servers. "" for neither."""
    if (cut := _delegated(zone, key.name)) is not None:
        return Phrase("{name} is delegated to other name servers", name=cut.to_text(omit_final_dot=True))
    alias = zone.records.get(Question(key.name, RdataType.CNAME))
    if not alias:
        return ""
    other = alias[0].target.to_text(omit_final_dot=True)
    return Phrase("{name} is an alias (CNAME) of {other}", name=key.owner, other=other)


def _delegated(zone: HostedZone, name: dns.name.Name) -> dns.name.Name | None:
    """The name below the apex whose NS records hide all that the zone holds there."""
    while name != zone.apex:
        if Question(name, RdataType.NS) in zone.records:
            return name
        name = name.parent()
    return None


def _refuse_uncovering(zone: HostedZone, key: RecordKey) -> None:
    """A name that comes into being hides a wildcard from itself and from the names above that exist through it."""
    wild = collections.defaultdict(set)
    for question in zone.records:
        if question.name.is_wild():
            wild[question.name.parent()].add(question.rdtype)
    names = {question.name for question in zone.records}
    hidden = key.name
    while hidden != zone.apex and not any(name.is_subdomain(hidden) for name in names):
        covering = wild.get(hidden.parent(), set())
        mail = hidden != key.name or key.rdtype != RdataType.CNAME
        if covering and mail and not hidden.labels[0].startswith(b"_"):
            raise _blocked(
                key, Phrase("it would hide a wildcard from {hidden}", hidden=hidden.to_text(omit_final_dot=True))
            )
        hidden = hidden.parent()


def _blocked(key: RecordKey, why: str) -> Problem:
    return Problem(
        "DNS10",
        Phrase("{key} cannot be published: {why}.", key=key, why=why),
        "settle that with the zone's owner first",
    )
