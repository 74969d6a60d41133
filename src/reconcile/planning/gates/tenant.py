"""The gates of the tenant: the rehearsal, the domains, what it would refuse, and the vault. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from reconcile.config.rehearsal import Rehearsal
from reconcile.planning.gates.facts import Facts, Reason
from reconcile.problem import Problem

#: A rehearsal is worth so much, counted back from the lock; the world moves.
REHEARSAL_LIFETIME = dt.timedelta(days=30)


def rehearsed(facts: Facts) -> Iterator[Reason]:
    """GAT02: the move was rehearsed lately, and nothing stood in the way."""
    found, again = facts.rehearsal, f"reconcile rehearse {facts.federation.slug}"
    if found is None:
        yield "it was never rehearsed", again
    elif isinstance(found, Problem):
        yield found.message.rstrip("."), found.hint
    elif missing := [domain for domain in facts.federation.domains if domain not in found.domains]:
        yield f"the rehearsal of {found.held:%Y-%m-%d} did not try {', '.join(missing)}", again
    elif not found.green:
        more = f" (and {len(found.stands) - 1} more)" if len(found.stands) > 1 else ""
        yield (
            f"on {found.held:%Y-%m-%d} something stood in the way: {found.stands[0]}{more}",
            f"settle it, then {again}",
        )
    elif facts.lock - found.held > REHEARSAL_LIFETIME:
        days = (facts.lock - found.held).days
        yield f"the rehearsal of {found.held:%Y-%m-%d} is {days} days older than the lock", again


def domains_ours(facts: Facts) -> Iterator[Reason]:
    """GAT10: no other tenant holds a domain."""
    if not isinstance(facts.rehearsal, Rehearsal):
        return  # GAT02 says so
    words = {
        "viral": (
            "a tenant nobody administers",
            "ask the federation who signed up there: proving the domain takes it over",
        ),
        "foreign": ("another Microsoft tenant", "its administrator removes the domain there first"),
        "unknown": ("nobody knows whom", "rehearse again"),
    }
    for domain in facts.federation.domains:
        if (holder := facts.rehearsal.domains.get(domain, "free")) in words:
            whose, hint = words[holder]
            yield f"{domain} belongs to {whose}", hint


def mail_taken(facts: Facts) -> Iterator[Reason]:
    """GAT11: the tenant refuses no mail of the federation."""
    found = facts.switches
    if isinstance(found, Problem):
        yield f"the tenant's settings could not be read: {found.message.rstrip('.')}", found.hint
        return
    if found is None:
        found = facts.rehearsal.switches if isinstance(facts.rehearsal, Rehearsal) else ()
    for sentence in found:
        yield sentence, "see docs/calendar.md, GAT11"


def passwords_sealed(facts: Facts) -> Iterator[Reason]:
    """GAT35: there is a key to seal first passwords to."""
    if not facts.seals and any(mailbox.licence != "shared" for mailbox in facts.federation.file.mailboxes.values()):
        yield "no key is named to seal the first passwords to", "write [passwords] seal_to in reconcile.toml"
