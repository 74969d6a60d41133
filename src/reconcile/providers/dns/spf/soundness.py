"""What makes receivers answer permerror (RFC 7208 §4.6.4, §5.2, §6.1), and where an include is reached by everybody.

Pure, given a resolver.
"""

from __future__ import annotations

import dataclasses

from reconcile.language.lists import apart
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.spf import record as spf
from reconcile.providers.dns.spf.lookups import LOOKUP_LIMIT, VOID_LIMIT, Resolve, count, evaluated, is_sound, target_of

#: Hosts behind one ``mx`` that receivers look up.
MX_LIMIT = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """A term of the record that every receiver who reaches it answers with permerror; ``why`` in a sentence."""

    term: str
    why: str


def faults(record: spf.SpfRecord, domain: str, resolve: Resolve) -> list[Fault]:
    """The terms that end the evaluation: an include or redirect without one sound record, a loop, too many MX hosts."""
    reached = list(evaluated(record))
    # Some receivers refuse a record that includes itself even where nobody reads it.
    itself = [term for term in record.terms if term.name == "include" and target_of(term, domain) == domain.lower()]
    asked = [*reached, *(term for term in itself if term not in reached)]
    found = ((term, _fault(term, domain, resolve, (domain.lower(),))) for term in asked)
    return [Fault(term.text, why) for term, why in found if why]


def refuse_unsound(record: spf.SpfRecord, domain: str, resolve: Resolve) -> None:
    """Raise DNS09, with what to write instead, when receivers would answer permerror to some sender or give up."""
    if problem := unsound(record, domain, resolve):
        raise Problem("DNS09", problem.message, problem.hint)


@dataclasses.dataclass(frozen=True, slots=True)
class Unsound:
    """Why receivers would not take the record, and what its owner should write."""

    message: str
    hint: str


def unsound(record: spf.SpfRecord, domain: str, resolve: Resolve) -> Unsound | None:
    """The first reason, None when there is none."""
    broken = faults(record, domain, resolve)
    if broken:
        why = apart(Phrase("{term}: {why}", term=one.term, why=one.why) for one in broken)
        message = Phrase(
            "Receivers answer permerror to the SPF record of {domain} ({why}): '{record}'.",
            domain=domain,
            why=why,
            record=record,
        )
        return Unsound(message, _without(record, [one.term for one in broken]))
    lookups = count(record, domain, resolve)
    if len(lookups.asking) > LOOKUP_LIMIT:
        message = Phrase(
            "The SPF record of {domain} would need {number} DNS lookups; receivers give up after {limit}: '{record}'.",
            domain=domain,
            number=len(lookups.asking),
            limit=LOOKUP_LIMIT,
            record=record,
        )
        hint = Phrase("its owner must choose which terms to drop; nothing is flattened automatically")
        return Unsound(message, hint)
    if len(lookups.void) > VOID_LIMIT:
        message = Phrase(
            "{number} lookups of the SPF record of {domain} find nothing ({names}); receivers give up after {limit}: "
            "'{record}'.",
            number=len(lookups.void),
            domain=domain,
            names=", ".join(lookups.void),
            limit=VOID_LIMIT,
            record=record,
        )
        own = [term.text for term in record.terms if term.text in lookups.void]
        return Unsound(message, _without(record, own))
    return None


@dataclasses.dataclass(frozen=True, slots=True)
class Unjudged:
    """Terms that nobody can judge before mail comes: ``unread`` in DNS, or ``per_sender``, for their macros ask."""

    unread: tuple[str, ...]
    per_sender: tuple[str, ...]


def unjudged(record: spf.SpfRecord, domain: str, resolve: Resolve) -> Unjudged:
    """The include, redirect and exists terms of the record, and of what it includes, that were passed over."""
    unread: dict[str, None] = {}
    per_sender: dict[str, None] = {}
    level = [(record, domain)]
    for _ in range(LOOKUP_LIMIT):
        below = []
        for one, owner in level:
            for term in evaluated(one):
                target = target_of(term, owner)
                if "%" in target:
                    per_sender[term.text] = None
                elif term.name in ("include", "redirect"):
                    texts = resolve(target, "TXT")
                    if texts is None:
                        unread[term.text] = None
                    below += [(spf.parse(text), target) for text in texts or () if is_sound(text)]
        level = below
    return Unjudged(tuple(unread), tuple(per_sender))


def safe_place(record: spf.SpfRecord, domain: str, resolve: Resolve) -> str:
    """The term before which an include is reached by every sender it names; "" for its usual place, before ``all``.

    A term before it may match such a sender with another result, or end in permerror for a sender of unknown name.
    Moving an include forward takes nothing from anybody who passes.
    """
    void = [0, 0]
    for term in record.effective:
        if term.name == "all":
            return ""
        if not term.qualifier:
            continue
        if term.qualifier != "+" or "%" in term.value or term.name in ("ptr", "exists"):
            return term.text
        for family, rdtype in enumerate(("A", "AAAA")):
            void[family] += _void(term, domain, rdtype, resolve, LOOKUP_LIMIT)
        if max(void) > VOID_LIMIT:
            return term.text
    return ""


def _void(term: spf.Term, domain: str, rdtype: str, resolve: Resolve, depth: int) -> int:
    """Lookups that find nothing for a sender of one address family. MX hosts count too, as some receivers do.

    ``depth``: includes still looked into.
    """
    target = target_of(term, domain)
    if term.name == "mx":
        hosts = resolve(target, "MX")
        named = [host for text in hosts or () if (host := text.partition(" ")[2].rstrip("."))]
        return (hosts == ()) + sum(resolve(host, rdtype) == () for host in named)
    if term.name == "a":
        return int(resolve(target, rdtype) == ())
    if term.name == "include" and depth:
        inner = [spf.parse(text) for text in (resolve(target, "TXT") or ()) if is_sound(text)]
        return sum(_void(one, target, rdtype, resolve, depth - 1) for record in inner for one in evaluated(record))
    return 0


def _fault(term: spf.Term, domain: str, resolve: Resolve, path: tuple[str, ...]) -> str:
    """Why the term is a permanent error; "" when it is none, or nobody could tell."""
    target = target_of(term, domain)
    if "%" in target:
        return ""
    if term.name == "mx":
        hosts = resolve(target, "MX") or ()
        over = Phrase(
            "{target} has {number} MX hosts, and receivers give up after {limit}",
            target=target,
            number=len(hosts),
            limit=MX_LIMIT,
        )
        return over if len(hosts) > MX_LIMIT else ""
    if term.name not in ("include", "redirect"):
        return ""
    texts = resolve(target, "TXT")
    if texts is None:
        return ""
    found = [text for text in texts if spf.is_spf(text)]
    if target in path:
        return Phrase("{target} includes itself", target=target)
    if len(found) != 1:
        several = Phrase("{target} has {number} SPF records", target=target, number=len(found))
        return several if found else Phrase("{target} has no SPF record", target=target)
    try:
        inner = spf.parse(found[0])
    except spf.MalformedSpf as error:
        return Phrase("the SPF record of {target} is malformed: {error}", target=target, error=error)
    whys = (_fault(one, target, resolve, (*path, target)) for one in evaluated(inner))
    return next(filter(None, whys), "")


def _without(record: spf.SpfRecord, terms: list[str]) -> str:
    left = " ".join(word for word in str(record).split(" ") if word not in terms)
    return Phrase("once its owner agrees, write: '{left}'", left=left)
