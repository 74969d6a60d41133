"""One hosted zone: read whole through octoDNS, and changed by a plan of our making that holds our changes alone."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.hosted.limits import OURS
from reconcile.providers.dns.primary.answers import Question
from reconcile.providers.dns.primary.compare_and_swap import Swap
from reconcile.providers.dns.records.canonical import text_of
from reconcile.providers.dns.records.rdatasets import rdataset_of

if TYPE_CHECKING:
    from octodns.provider.base import BaseProvider
    from octodns.zone import Zone

Rdataset = dns.rdataset.Rdataset


@dataclasses.dataclass(frozen=True, slots=True)
class HostedZone:
    """A zone as just read. ``records`` are those of the types we look at; ``unread`` the other types, by name."""

    apex: dns.name.Name
    records: Mapping[Question, Rdataset]
    unread: Mapping[dns.name.Name, tuple[str, ...]]
    _zone: Zone


def read_zone(backend: BaseProvider, apex: dns.name.Name) -> HostedZone | None:
    """The zone, or None when the account holds none of that name. Raises DNS17 when the host does not answer."""
    from octodns.zone import Zone

    zone = Zone(apex.to_text(), [])
    if not _asking(backend, lambda: backend.populate(zone, target=True, lenient=True)):
        return None
    records = dict(_asking(backend, lambda: [_as_read(one) for one in zone.records if one._type in OURS]))
    return HostedZone(apex, records, _unread(backend, apex), zone)


def _unread(backend: BaseProvider, apex: dns.name.Name) -> Mapping[dns.name.Name, tuple[str, ...]]:
    """The types below the apex that we do not read, as far as the host tells."""
    types: dict[dns.name.Name, set[str]] = {}
    for owner, rdtype in getattr(backend, "raw_types", lambda _zone: ())(apex.to_text()):
        if rdtype not in OURS:
            with contextlib.suppress(dns.exception.DNSException):
                types.setdefault(dns.name.from_text(owner, apex).canonicalize(), set()).add(rdtype)
    return {name: tuple(sorted(found)) for name, found in types.items() if name != apex}


def _as_read(record: Any) -> tuple[Question, Rdataset]:
    rrset = record.to_rrset()
    rdtype = dns.rdatatype.from_text(record._type)
    rdatas = [dns.rdata.from_text(dns.rdataclass.IN, rdtype, text, relativize=False) for text in rrset.rdatas]
    name = dns.name.from_text(record.fqdn).canonicalize()
    return Question(name, rdtype), rdataset_of(record.ttl, rdatas)


def write_zone(backend: BaseProvider, read: HostedZone, swaps: Sequence[Swap]) -> None:
    """Make the exchanges. Raises DNS17 when the host fails, DNS18 when other people's texts would not survive."""
    from octodns.provider.plan import Plan
    from octodns.record import Create, Delete, Update

    changes: list[Any] = []
    for swap in swaps:
        refuse_altering(backend, read, swap)
        label = swap.name.relativize(read.apex).to_text().removesuffix("@")
        rdtype = dns.rdatatype.to_text(swap.rdtype)
        old = next((one for one in read._zone.records if (one.name, one._type) == (label, rdtype)), None)
        new = None if swap.after is None else _record(read._zone, swap, swap.after, backend)
        if old is not None and new is not None:
            changes.append(Update(old, new))
        elif new is not None:
            changes.append(Create(new))
        elif old is not None:
            changes.append(Delete(old))
    # Never backend.plan(): it would make the whole zone ours.
    plan = Plan(read._zone, read._zone, changes, True)
    _asking(backend, lambda: backend.apply(plan))


def publish_zone(backend: BaseProvider, apex: dns.name.Name, clock: Clock) -> None:
    """Make what was written live, where that is a step of its own (OVH). Raises DNS17 when it cannot be done."""
    publish = getattr(backend, "publish", None)
    if publish is None:
        return
    for pause in _PUBLISHING:
        clock.sleep(pause)
        try:
            _asking(backend, lambda: publish(apex.to_text()))
        except Problem:
            continue
        return
    name = apex.to_text(omit_final_dot=True)
    raise Problem(
        "DNS17",
        Phrase("The changes of {name} are written and not live yet.", name=name),
        "refresh the zone at its host",
    )


#: Seconds before each attempt.
_PUBLISHING = (0.0, 1.0, 5.0, 15.0)


def _record(zone: Zone, swap: Swap, after: Rdataset, backend: BaseProvider) -> Any:
    from octodns.record import Record
    from octodns.record.rr import Rrset

    texts = [rdata.to_text() for rdata in after]
    rrset = Rrset(swap.name.to_text(), dns.rdatatype.to_text(swap.rdtype), after.ttl, texts)
    return Record.from_rrset(zone, rrset, lenient=True, source=backend)


def refuse_altering(backend: BaseProvider, read: HostedZone, swap: Swap) -> None:
    """Raise DNS18: the host takes whole RRsets, and octoDNS renders a text of ``before`` that stays otherwise."""
    if swap.rdtype != RdataType.TXT:
        return
    label = swap.name.relativize(read.apex).to_text().removesuffix("@")
    raw = getattr(backend, "raw_texts", None)
    stored = None if raw is None else {_unquoted(text) for text in raw(read.apex.to_text(), label)}
    if stored is not None and not stored:
        return
    for rdata in swap.before or ():
        text = text_of(rdata)
        plain = len(text) <= _ONE_STRING and text.isascii() and text.isprintable() and not set(text) & {'"', "\\"}
        if rdata in (swap.after or ()) and not (plain and (stored is None or text in stored)):
            missing = [text_of(one) for one in swap.after or () if one not in (swap.before or ())]
            owner = swap.name.to_text(omit_final_dot=True)
            raise Problem(
                "DNS18",
                Phrase("The text '{text}' of {owner} would not survive being sent again.", text=text[:60], owner=owner),
                Phrase("add by hand, beside it: {missing}", missing="; ".join(missing))
                if missing
                else "remove it by hand, then plan again",
            )


#: Octets of one character-string.
_ONE_STRING = 255


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text.startswith('"') and text.endswith('"') else text


def _asking(backend: BaseProvider, call: Any) -> Any:
    """What the host answers. Whatever its client raises becomes DNS17: the kind of failure, never its words."""
    try:
        return call()
    except Problem:
        raise
    except Exception as error:  # each client has exceptions of its own
        status = getattr(getattr(error, "response", None), "status_code", None) or type(error).__name__
        host = type(backend).__name__
        raise Problem(
            "DNS17",
            Phrase("The DNS host {host} did not do as asked ({status}).", host=host, status=status),
            "run the same again",
        ) from None
