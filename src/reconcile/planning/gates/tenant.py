"""The gates of the tenant: the rehearsal, the domains, what it would refuse, and the vault. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from reconcile.config.rehearsal import Rehearsal
from reconcile.language.phrase import Phrase
from reconcile.planning.gates.facts import Facts, Reason
from reconcile.problem import Problem

#: A rehearsal is worth so much, counted back from the lock; the world moves.
REHEARSAL_LIFETIME = dt.timedelta(days=30)


def rehearsed(facts: Facts) -> Iterator[Reason]:
    """GAT02: the move was rehearsed lately, and nothing stood in the way."""
    found, again = facts.rehearsal, Phrase("reconcile rehearse {slug}", slug=facts.federation.slug)
    if found is None:
        yield Phrase("it was never rehearsed"), again
    elif isinstance(found, Problem):
        yield found.message.rstrip("."), found.hint
    elif missing := [domain for domain in facts.federation.domains if domain not in found.domains]:
        yield (
            Phrase(
                "the rehearsal of {held:%Y-%m-%d} did not try {missing}", held=found.held, missing=", ".join(missing)
            ),
            again,
        )
    elif not found.green:
        more = Phrase(" (and {number} more)", number=len(found.stands) - 1) if len(found.stands) > 1 else ""
        yield (
            Phrase(
                "on {held:%Y-%m-%d} something stood in the way: {stands}{more}",
                held=found.held,
                stands=found.stands[0],
                more=more,
            ),
            Phrase("settle it, then {again}", again=again),
        )
    elif facts.lock - found.held > REHEARSAL_LIFETIME:
        days = (facts.lock - found.held).days
        yield (
            Phrase("the rehearsal of {held:%Y-%m-%d} is {days} days older than the lock", held=found.held, days=days),
            again,
        )


def domains_ours(facts: Facts) -> Iterator[Reason]:
    """GAT10: no other tenant holds a domain."""
    if not isinstance(facts.rehearsal, Rehearsal):
        return  # GAT02 says so
    words = {
        "viral": (
            Phrase("a tenant nobody administers"),
            Phrase("ask the federation who signed up there: proving the domain takes it over"),
        ),
        "foreign": (Phrase("another Microsoft tenant"), Phrase("its administrator removes the domain there first")),
        "unknown": (Phrase("nobody knows whom"), Phrase("rehearse again")),
    }
    for domain in facts.federation.domains:
        if (holder := facts.rehearsal.domains.get(domain, "free")) in words:
            whose, hint = words[holder]
            yield Phrase("{domain} belongs to {whose}", domain=domain, whose=whose), hint


def mail_taken(facts: Facts) -> Iterator[Reason]:
    """GAT11: the tenant refuses no mail of the federation."""
    found = facts.switches
    if isinstance(found, Problem):
        yield Phrase("the tenant's settings could not be read: {value}", value=found.message.rstrip(".")), found.hint
        return
    if found is None:
        found = facts.rehearsal.switches if isinstance(facts.rehearsal, Rehearsal) else ()
    for sentence in found:
        yield sentence, Phrase("see docs/calendar.md, GAT11")


def passwords_sealed(facts: Facts) -> Iterator[Reason]:
    """GAT35: there is a key to seal first passwords to."""
    if not facts.seals and any(mailbox.licence != "shared" for mailbox in facts.federation.file.mailboxes.values()):
        yield (
            Phrase("no key is named to seal the first passwords to"),
            Phrase("write [passwords] seal_to in reconcile.toml"),
        )
