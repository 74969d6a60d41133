"""The checks of a domain's SPF record. Pure, given a resolver."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Weight
from reconcile.providers.dns.checks.facts import Facts, with_todo
from reconcile.providers.dns.primary.answers import Failure
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.spf import record as spf
from reconcile.providers.dns.spf.lookups import LOOKUP_LIMIT, Resolve, count, is_sound
from reconcile.providers.dns.spf.parts import IncludeInSpf
from reconcile.providers.dns.spf.soundness import safe_place, unjudged, unsound

#: How what Microsoft asks SPF records to include ends.
_OUTLOOK = ".protection.outlook.com"


def spf_record(facts: Facts, resolve: Resolve) -> Iterator[tuple[Weight, str]]:
    """One sound SPF record within the limits, and what the switch will change in its meaning."""
    if isinstance(answer := facts.answer("", "TXT"), Failure):
        yield (
            Weight.BLOCKS,
            Phrase("The SPF record of {domain} is not known: {why}", domain=facts.domain, why=answer.problem.message),
        )
        return
    try:
        seen = IncludeInSpf(RecordKey.parse(f"{facts.domain}/TXT/spf")).see(facts.rdataset("", "TXT"))
    except Problem as problem:
        yield Weight.BLOCKS, problem.message
        return
    if seen is None:
        yield Weight.WARNS, Phrase("{domain} has no SPF record.", domain=facts.domain)
        return
    record = spf.parse(str(seen.context["record"]))
    if fault := unsound(record, facts.domain, resolve):
        # What to write names Microsoft, too: without it, the domain's own mail would be forbidden.
        host = f"spf{_OUTLOOK}"
        merged = record.with_include(host, safe_place(record, facts.domain, resolve))
        hint = (unsound(merged, facts.domain, resolve) or fault).hint
        yield Weight.BLOCKS, with_todo(fault.message, hint)
        return
    lookups = count(record, facts.domain, resolve)
    full = len(lookups.asking) == LOOKUP_LIMIT and not any(host.endswith(_OUTLOOK) for host in record.includes)
    if full:
        yield (
            Weight.BLOCKS,
            Phrase(
                "The SPF record of {domain} has no lookup left of {limit} for Microsoft's.",
                domain=facts.domain,
                limit=LOOKUP_LIMIT,
            ),
        )
    else:
        number = len(lookups.asking)
        yield (
            Weight.FINE,
            (
                Phrase(
                    "The SPF record is sound: at least {number} of {limit} lookups.", number=number, limit=LOOKUP_LIMIT
                )
                if lookups.unknown
                else Phrase("The SPF record is sound: {number} of {limit} lookups.", number=number, limit=LOOKUP_LIMIT)
            ),
        )
    if unread := [term.text for term in record.terms if term not in record.effective]:
        yield (
            Weight.WARNS,
            Phrase(
                "The SPF record of {domain} has terms after all, never read: {unread}.",
                domain=facts.domain,
                unread=" ".join(unread),
            ),
        )
    if "mx" in {term.name for term in record.terms if term.qualifier and not term.value}:
        yield (
            Weight.WARNS,
            Phrase(
                "The SPF record of {domain} says mx: once the MX is Microsoft's, the old host may no longer send.",
                domain=facts.domain,
            ),
        )


def spf_terms(facts: Facts, resolve: Resolve) -> Iterator[tuple[Weight, str]]:
    """What of the SPF record could not be judged: it counts in receivers' eyes all the same."""
    for text in facts.texts("", "TXT"):
        if not is_sound(text):
            continue
        passed_over = unjudged(spf.parse(text), facts.domain, resolve)
        if passed_over.unread:
            terms = ", ".join(passed_over.unread)
            yield (
                Weight.WARNS,
                Phrase(
                    "The SPF record of {domain}: what {terms} says could not be read, and its lookups are not counted.",
                    domain=facts.domain,
                    terms=terms,
                ),
            )
        if passed_over.per_sender:
            terms = ", ".join(passed_over.per_sender)
            yield (
                Weight.WARNS,
                Phrase(
                    "The SPF record of {domain}: {terms} depends on each sender, and nobody can judge it beforehand.",
                    domain=facts.domain,
                    terms=terms,
                ),
            )
