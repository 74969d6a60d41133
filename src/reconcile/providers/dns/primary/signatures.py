"""Whether what the primary of a signed zone serves validates: without the keys, it serves old signatures (RFC 3007)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.primary.answers import Question
from reconcile.providers.dns.primary.client import Primary


def invalid(
    primary: Primary, served: Mapping[dns.name.Name, Collection[Question]]
) -> dict[dns.name.Name, Question | None]:
    """The signed zones whose keys do not validate what is served, with the first record at fault.

    ``served``: what to look at in each zone; its SOA is looked at too. A record that is not there is left out, and
    so is a zone that did not answer.
    """
    asked = {zone: [Question(zone, RdataType.SOA), *questions] for zone, questions in served.items()}
    keys = [Question(zone, RdataType.DNSKEY) for zone in asked]
    replies = primary.ask_signed([*keys, *(question for questions in asked.values() for question in questions)])
    found: dict[dns.name.Name, Question | None] = {}
    for zone, questions in asked.items():
        keyring = _rrset(replies[Question(zone, RdataType.DNSKEY)], Question(zone, RdataType.DNSKEY))
        if keyring is None:
            continue
        fault = next((one for one in questions if not _validates(replies[one], one, zone, keyring)), None)
        if fault is not None:
            found[zone] = fault
    return found


def not_signed_here(primary: Primary, zone: dns.name.Name, *, undone: bool) -> Problem:
    """DNS23: the server that takes the update has not the keys of the zone."""
    name = zone.to_text(omit_final_dot=True)
    what = "accepted the update and serves it without valid signatures" if undone else "cannot sign the update"
    after = "; the change was undone, and its serial waits for the owner's next signature" if undone else ""
    return Problem(
        "DNS23",
        Phrase(
            "{name} is signed (DNSSEC) elsewhere: {primary} {what}{after}.",
            name=name,
            primary=primary,
            what=what,
            after=after,
        ),
        "the zone must be signed where it is written: have the server sign it, or write it where it is signed",
    )


def _validates(
    reply: dns.message.Message | None, question: Question, zone: dns.name.Name, keyring: dns.rrset.RRset
) -> bool:
    rrset = _rrset(reply, question)
    if reply is None or rrset is None:
        return True
    signatures = reply.get_rrset(
        reply.answer, question.name, dns.rdataclass.IN, RdataType.RRSIG, covers=question.rdtype
    )
    if signatures is None:
        return False
    try:
        dns.dnssec.validate(rrset, signatures, {zone: keyring})
    except dns.exception.DNSException:
        return False
    return True


def _rrset(reply: dns.message.Message | None, question: Question) -> dns.rrset.RRset | None:
    if reply is None:
        return None
    return reply.get_rrset(reply.answer, question.name, dns.rdataclass.IN, question.rdtype)
