"""The checks of a domain's DKIM keys and DMARC policy. Pure, given a resolver."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.language.phrase import Phrase
from reconcile.providers.base import Weight
from reconcile.providers.dns.checks.asked import SELECTORS
from reconcile.providers.dns.checks.facts import Facts
from reconcile.providers.dns.primary.answers import Answer, Failure
from reconcile.providers.dns.primary.name_status import elsewhere
from reconcile.providers.dns.records.dkim import dkim_key
from reconcile.providers.dns.records.dmarc import dmarc_policy, is_dmarc
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.spf.lookups import Resolve


def dkim(facts: Facts, resolve: Resolve) -> Iterator[tuple[Weight, str]]:
    """Both selectors lead to a key."""
    for below in SELECTORS:
        selector = below.partition(".")[0]
        for target in facts.texts(below, "CNAME"):
            found = resolve(target.rstrip("."), "TXT")
            if found is None:
                yield (
                    Weight.WARNS,
                    Phrase(
                        "Whether {selector} of {domain} leads to a key could not be seen.",
                        selector=selector,
                        domain=facts.domain,
                    ),
                )
            elif not any(keys := [dkim_key(text) for text in found]):
                absent = all(key is None for key in keys)
                why = Phrase("holds no key") if absent else Phrase("holds a revoked key (empty p=)")
                told = Phrase(
                    "{selector} of {domain} leads to {target}, which {why}: do not sign.",
                    selector=selector,
                    domain=facts.domain,
                    target=target,
                    why=why,
                )
                yield Weight.BLOCKS, told
            else:
                yield Weight.FINE, Phrase("{selector} leads to a key.", selector=selector)


def dmarc(facts: Facts, resolve: Resolve) -> Iterator[tuple[Weight, str]]:
    """One valid DMARC record, at the name itself or where its alias or its delegation leads."""
    key = RecordKey.parse(f"_dmarc.{facts.domain}/TXT")
    where = elsewhere(key, facts.answers)
    if not where and isinstance(answer := facts.answer("_dmarc", "TXT"), Failure):
        yield (
            Weight.WARNS,
            Phrase("The DMARC record of {domain} is not known: {why}", domain=facts.domain, why=answer.problem.message),
        )
        return
    texts = resolve(key.owner, "TXT") if where else facts.texts("_dmarc", "TXT")
    if texts is None:
        yield Weight.WARNS, Phrase("{where}; whether a DMARC record is there could not be found out.", where=where)
        return
    records = [text for text in texts if is_dmarc(text)]
    if not records and where:
        yield Weight.WARNS, Phrase("{where}, and no DMARC record is there: its owner must publish one.", where=where)
    elif not records:
        apex = facts.answer("", "SOA")
        if isinstance(apex, Answer) and apex.rdataset is not None:  # below it, the policy above counts
            yield Weight.WARNS, Phrase("{domain} has no DMARC record of its own.", domain=facts.domain)
    elif len(records) > 1:
        yield (
            Weight.WARNS,
            Phrase(
                "{domain} has {number} DMARC records, which receivers treat as none.",
                domain=facts.domain,
                number=len(records),
            ),
        )
    else:
        policy = dmarc_policy(records[0])
        if not policy:
            yield (
                Weight.WARNS,
                Phrase(
                    "The DMARC record of {domain} has no valid policy: receivers ignore '{record}'.",
                    domain=facts.domain,
                    record=records[0],
                ),
            )
        else:
            yield Weight.FINE, Phrase("The DMARC policy is {policy}.", policy=policy)
