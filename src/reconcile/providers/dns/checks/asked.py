"""The names that a survey of domains asks about. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import dns.name
import dns.rdataset
import dns.rdatatype

from reconcile.providers.dns.checks.facts import Facts
from reconcile.providers.dns.primary.answers import Answer, Question

#: Where Microsoft's DKIM keys are looked for, below a domain.
SELECTORS = ("selector1._domainkey", "selector2._domainkey")


def truths_of(
    facts: Facts, records: Sequence[tuple[str, str]]
) -> Iterator[tuple[Question, dns.rdataset.Rdataset | None]]:
    for below, rdtype in records:
        answer = facts.answer(below, rdtype)
        if isinstance(answer, Answer) and answer.alias is None:
            yield Question(full_name(facts, below), dns.rdatatype.from_text(rdtype)), answer.rdataset


def names_of(facts: Facts, records: Sequence[tuple[str, str]]) -> set[dns.name.Name]:
    return {full_name(facts, below) for below, _ in records}


def full_name(facts: Facts, below: str) -> dns.name.Name:
    return dns.name.from_text(f"{below}.{facts.domain}" if below else facts.domain).canonicalize()


def address_questions(named: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """What to ask for the addresses of name servers."""
    every = {host for names in named.values() for host in names}
    return [(host, rdtype) for host in sorted(every) for rdtype in ("A", "AAAA")]


def parents_of(facts: Sequence[Facts]) -> dict[dns.name.Name, str]:
    """The zone above each zone."""
    apexes = sorted({apex for one in facts if (apex := apex_of(one)) is not None and apex != dns.name.root})
    return {apex: apex.parent().to_text(omit_final_dot=len(apex.labels) > 2) for apex in apexes}


def apex_of(facts: Facts) -> dns.name.Name | None:
    answer = facts.answer("", "SOA")
    return answer.zone if isinstance(answer, Answer) else None
