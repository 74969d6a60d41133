"""How many DNS questions a receiver asks to evaluate a record (RFC 7208 §4.6.4): over the limit, SPF is void."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.spf import record as spf
from reconcile.providers.dns.spf.macros import expanded

#: ``resolve(name, type)``: the values found, none when there are none, None when it could not be found out.
Resolve = Callable[[str, str], tuple[str, ...] | None]

LOOKUP_LIMIT = 10
VOID_LIMIT = 2
#: A macro, or the name of the sender's own address: asked, and neither followed nor held to be void.
_DEPENDS_ON_SENDER = ("",)
_ASKING = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})


@dataclasses.dataclass(frozen=True, slots=True)
class Lookups:
    """The worst case over all senders. ``asking``: terms that cost a question; ``void``: those that find nothing.

    ``unknown`` are hosts that could not be read, each counted once and not looked into.
    """

    asking: tuple[str, ...]
    void: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def over_limit(self) -> bool:
        return len(self.asking) > LOOKUP_LIMIT or len(self.void) > VOID_LIMIT


def count(record: spf.SpfRecord, domain: str, resolve: Resolve) -> Lookups:
    """Walk the record and everything it includes; a host that includes itself is walked once more and no further."""
    found = list(_walk(record, domain, resolve, (domain,)))
    return Lookups(
        asking=tuple(step.term for step in found),
        void=tuple(step.term for step in found if step.answer == ()),
        unknown=tuple(step.term for step in found if step.answer is None),
    )


def refuse_over_limit(record: spf.SpfRecord, domain: str, resolve: Resolve) -> None:
    """Raise DNS09 with the count when receivers would give the record up."""
    lookups = count(record, domain, resolve)
    if lookups.over_limit:
        what, number, limit = (
            (Phrase("DNS lookups"), len(lookups.asking), LOOKUP_LIMIT)
            if len(lookups.asking) > LOOKUP_LIMIT
            else (Phrase("lookups that find nothing"), len(lookups.void), VOID_LIMIT)
        )
        raise Problem(
            "DNS09",
            Phrase(
                "The SPF record of {domain} would need {number} {what}; receivers give up after {limit}: '{record}'.",
                domain=domain,
                number=number,
                what=what,
                limit=limit,
                record=record,
            ),
            "its owner must choose which terms to drop; nothing is flattened automatically",
        )


def pairs_asked(record: spf.SpfRecord, domain: str) -> Iterator[tuple[str, str]]:
    """The names and types that counting begins with, so that they can be asked about together."""
    for term in evaluated(record):
        target = target_of(term, domain)
        if "%" not in target and term.name != "ptr":
            rdtype = {"include": "TXT", "redirect": "TXT", "mx": "MX"}.get(term.name, "A")
            yield target, rdtype
            if term.name == "a":
                yield target, "AAAA"


class Resolves(Protocol):
    """What may be asked about many names at once."""

    def resolve(self, name: str, rdtype: str) -> tuple[str, ...] | None: ...

    def resolve_all(self, pairs: Iterable[tuple[str, str]]) -> None: ...


def prefetch(records: Iterable[tuple[str, str]], resolver: Resolves, others: Iterable[tuple[str, str]] = ()) -> None:
    """Ask about all that counting these (record, domain) will ask, level by level, each level at once, and about
    ``others`` along with the first."""
    level, more = list(records), list(others)
    for _ in range(LOOKUP_LIMIT):
        pairs = {pair for text, domain in level if is_sound(text) for pair in pairs_asked(spf.parse(text), domain)}
        if not (pairs or more):
            return
        resolver.resolve_all((*more, *pairs))
        values = [(name, kind, resolver.resolve(name, kind) or ()) for name, kind in pairs if kind in ("MX", "TXT")]
        hosts = {text.partition(" ")[2].rstrip(".") for _, kind, texts in values if kind == "MX" for text in texts}
        more = [(host, rdtype) for host in sorted(hosts) if host for rdtype in ("A", "AAAA")]
        level = [(text, name) for name, kind, texts in values if kind == "TXT" for text in texts if spf.is_spf(text)]


@dataclasses.dataclass(frozen=True, slots=True)
class _Step:
    term: str
    answer: tuple[str, ...] | None


def _walk(record: spf.SpfRecord, domain: str, resolve: Resolve, path: tuple[str, ...]) -> Iterator[_Step]:
    if len(path) > LOOKUP_LIMIT:
        return  # a loop, or over the limit already
    for term in evaluated(record):
        target = target_of(term, domain)
        answer = _DEPENDS_ON_SENDER if "%" in target else _look_up(term.name, target, resolve)
        yield _Step(term.text, answer)
        if answer and spf.is_spf(answer[0]) and target not in path:
            yield from _walk(spf.parse(answer[0]), target, resolve, (*path, target))


def target_of(term: spf.Term, domain: str) -> str:
    """The name a term asks about: lower case, no final dot. A macro that depends on the sender stays as written."""
    return (expanded(term.value, domain).split("/")[0] or domain).lower().rstrip(".")


def evaluated(record: spf.SpfRecord) -> Iterator[spf.Term]:
    """The asking terms a receiver can reach: none after ``all``, and ``redirect`` only without it."""
    redirect = None
    for term in record.terms:
        if term.name == "all" and term.qualifier:
            return
        if term.name == "redirect" and not term.qualifier:
            redirect = term
        elif term.name in _ASKING and term.qualifier:
            yield term
    if redirect is not None:
        yield redirect


def _look_up(name: str, target: str, resolve: Resolve) -> tuple[str, ...] | None:
    if name in ("include", "redirect"):
        texts = resolve(target, "TXT")
        return None if texts is None else tuple(text for text in texts if is_sound(text))[:1]
    if name == "ptr":
        return _DEPENDS_ON_SENDER
    if name == "mx":
        return resolve(target, "MX")
    four = resolve(target, "A")
    return four if four or name == "exists" else _either(four, resolve(target, "AAAA"))


def _either(four: tuple[str, ...] | None, six: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """A sender has one family, so a host with addresses in either is not void for our count."""
    return six or (None if four is None or six is None else ())


def is_sound(text: str) -> bool:
    """Whether a text is a well-formed SPF record."""
    try:
        spf.parse(text)
    except spf.MalformedSpf:
        return False
    return True
