"""What the primary lets our key change, tried with updates that change nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import dns.name
import dns.rdatatype
import dns.update
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.primary.answers import Question
from reconcile.providers.dns.primary.client import Primary, Verdict
from reconcile.providers.dns.primary.zones import Zones

#: What a mail domain's move changes, below the domain itself.
_RECORDS = (
    ("", RdataType.MX),
    ("", RdataType.TXT),
    ("autodiscover", RdataType.CNAME),
    ("selector1._domainkey", RdataType.CNAME),
    ("selector2._domainkey", RdataType.CNAME),
)
#: At the root of a zone alone.
_POLICY = ("_dmarc", RdataType.TXT)
#: A value nobody has: taking it away changes nothing.
_ABSENT_VALUE = {
    RdataType.MX: "65535 reconcile-probe.invalid.",
    RdataType.TXT: '"reconcile-probe"',
    RdataType.CNAME: "reconcile-probe.invalid.",
}


def try_key(primary: Primary, domains: Sequence[str]) -> Mapping[str, Problem | None]:
    """What the server has against our key, for each domain; None when it takes it for each record of the move.

    First an UPDATE that only requires the zone to have its SOA (RFC 2136 §2.4.1), then one for each name and type,
    which takes away a value that is not there.
    """
    names = {domain: dns.name.from_text(domain).canonicalize() for domain in domains}
    apexes = Zones().of(primary, names.values())
    asked = sorted({apex for apex in apexes.values() if not isinstance(apex, Problem)})
    messages = [dns.update.UpdateMessage(apex) for apex in asked]
    for apex, message in zip(asked, messages, strict=True):
        message.present(apex, RdataType.SOA)
    verdicts = dict(zip(asked, primary.update(messages), strict=True))
    taken = {domain: apexes[name] for domain, name in names.items()}
    wanted = {
        domain: _questions(names[domain], at_root=names[domain] == apex)
        for domain, apex in taken.items()
        if not isinstance(apex, Problem) and verdicts[apex] is Verdict.ACCEPTED
    }
    pairs = [(taken[domain], question) for domain, questions in wanted.items() for question in questions]
    refused = refused_records(primary, [(zone, one) for zone, one in pairs if not isinstance(zone, Problem)])
    found: dict[str, Problem | None] = {}
    for domain, home in taken.items():
        verdict = home if isinstance(home, Problem) else verdicts[home]
        if verdict is Verdict.UNHEARD:
            verdict = Problem(
                "DNS02",
                Phrase("{primary} did not answer an update of {domain}.", primary=primary, domain=domain),
                "let TCP through to it",
            )
        not_allowed = [one for one in wanted.get(domain, ()) if one in refused]
        if not_allowed:
            verdict = not_granted(primary, not_allowed)
        found[domain] = verdict if isinstance(verdict, Problem) else None
    return found


def refused_records(primary: Primary, records: Iterable[tuple[dns.name.Name, Question]]) -> set[Question]:
    """Those of the records, each with its zone, that the key may not change."""
    asked = list(dict.fromkeys(records))
    messages = []
    for zone, question in asked:
        message = dns.update.UpdateMessage(zone)
        message.delete(question.name, question.rdtype, _ABSENT_VALUE[question.rdtype])
        messages.append(message)
    verdicts = primary.update(messages)
    return {
        question
        for (_, question), verdict in zip(asked, verdicts, strict=True)
        if isinstance(verdict, Problem) and verdict.code == "DNS05"
    }


def can_be_tried(question: Question) -> bool:
    """Whether there is an update of this type that changes nothing."""
    return question.rdtype in _ABSENT_VALUE


def not_granted(primary: Primary, refused: Collection[Question]) -> Problem:
    """DNS05, with the records the key may not change."""
    named = ", ".join(f"{one.name.to_text(omit_final_dot=True)} {dns.rdatatype.to_text(one.rdtype)}" for one in refused)
    return Problem(
        "DNS05",
        Phrase(
            "{primary} does not let the key '{key_name}' change {named}.",
            primary=primary,
            key_name=primary.key_name,
            named=named,
        ),
        Phrase("grant it there (BIND: update-policy): {named}", named=named),
    )


def _questions(domain: dns.name.Name, *, at_root: bool) -> list[Question]:
    records = (*_RECORDS, _POLICY) if at_root else _RECORDS
    return [Question(dns.name.from_text(below or "@", domain), rdtype) for below, rdtype in records]
