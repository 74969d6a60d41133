"""The kinds last_pass and closing. The last pass is asked for once no sender tries the old host any more; the closing
makes sure that every copy has had it, that what is missing was signed off, that both mailboxes compare; then nothing
sealed is kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from reconcile.clock import Clock
from reconcile.language.lists import first_of
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observation, Observed, Order, Provider, Scope, Unknown, Wanted
from reconcile.providers.closing.book import ClosingBook, Ending
from reconcile.resources.resource import Live

#: Mailboxes named in a refusal.
_NAMED = 3


class EndingCopy(Protocol):
    """One copy, as the queue lists it."""

    @property
    def key(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def passes(self) -> int: ...
    @property
    def messages(self) -> int: ...
    @property
    def refused(self) -> int: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Copies:
    """The copies of a federation by its slug, without those that go back. ``another_pass`` queues those of the keys
    that have ended. ``differs``: why the two mailboxes of a copy do not compare, "" when they do; nothing is written.
    ``sealed`` counts a federation's sealed passwords, and ``purge`` erases them."""

    of: Callable[[str], Sequence[EndingCopy]]
    another_pass: Callable[[Collection[str]], int]
    differs: Callable[[str], str]
    sealed: Callable[[str], int]
    purge: Callable[[str], None]


def closing_provider(book: ClosingBook, copies: Copies, clock: Clock) -> Provider:
    """The provider of the kinds ``last_pass`` and ``closing``."""
    return Provider("closing", ClosingReader(book), ClosingWriter(book, copies, clock))


class ClosingReader:
    """What the book says."""

    def __init__(self, book: ClosingBook) -> None:
        self._book = book

    def observe(self, scope: Scope) -> Observation:
        return Observation({wanted.address: self._seen(wanted) for wanted in scope.wanted})

    def _seen(self, wanted: Wanted) -> Observed:
        try:
            ending = self._book.read(wanted.address.federation)
        except Problem as problem:
            return Unknown(problem.message)
        if wanted.address.kind == "last_pass":
            return Live(wanted.address, {"asked": True}) if ending.asked is not None else ABSENT
        closed = ending.closed
        if closed is None:
            return ABSENT
        return Live(wanted.address, {name: str(closed.get(name, "")) for name in ("on", "refused", "unsound")})


class ClosingWriter:
    """Raises ``Problem`` GAT50 while a copy has not had its last pass, GAT51 and GAT52 for what nobody signed off."""

    def __init__(self, book: ClosingBook, copies: Copies, clock: Clock) -> None:
        self._book = book
        self._copies = copies
        self._clock = clock

    def create(self, order: Order) -> Live:
        if order.address.kind == "closing":
            return self._close(order)
        slug = order.address.federation
        copies = self._copies.of(slug)
        # A pass that is under way began before the moment, and does not count.
        asked = {one.key: one.passes + (one.state == "running") for one in copies}
        # Queued before it is said that it was: a run that dies in between asks for one pass too many, never for none.
        self._copies.another_pass([one.key for one in copies])
        self._book.write(slug, Ending(asked))
        return Live(order.address, {"asked": True})

    def update(self, order: Order) -> Live:
        return self.create(order)

    def delete(self, order: Order) -> None:
        """The date was moved, or the migration reopened: another last pass is to come."""
        self._book.forget(order.address.federation)

    def _close(self, order: Order) -> Live:
        slug, fields = order.address.federation, {name: str(value or "") for name, value in order.fields.items()}
        ending, copies = self._book.read(slug), self._copies.of(slug)
        asked = ending.asked or {}
        if ending.closed is None:
            late = [
                one.key for one in copies if one.state not in ("done", "partial") or one.passes <= asked.get(one.key, 0)
            ]
            if late:
                raise Problem(
                    "GAT50",
                    Phrase("{late}: the last pass has not ended; nothing is closed.", late=first_of(late, _NAMED)),
                    Phrase("reconcile copy work {slug}, then apply again", slug=slug),
                )
            short = [one.key for one in copies if one.refused or one.state == "partial"]
            if short and not fields["refused"]:
                raise Problem(
                    "GAT51",
                    Phrase(
                        "{short}: some of its mail was not copied; nothing is closed.", short=first_of(short, _NAMED)
                    ),
                    Phrase(
                        "reconcile copy report {slug}; then write overrides: GAT51 with why that is accepted", slug=slug
                    ),
                )
            differing = [f"{one.key} ({why})" for one in copies if (why := self._copies.differs(one.key))]
            if differing and not fields["unsound"]:
                raise Problem(
                    "GAT52",
                    Phrase("{differing} does not compare; nothing is closed.", differing=first_of(differing, _NAMED)),
                    Phrase(
                        "reconcile copy verify {slug}; then write overrides: GAT52 with why that is accepted", slug=slug
                    ),
                )
        found = dict(ending.closed or {})
        if ending.closed is None:
            found = {
                "at": self._clock.now().isoformat(timespec="seconds"),
                "mailboxes": len(copies),
                "messages": sum(one.messages for one in copies),
                "messages_refused": sum(one.refused for one in copies),
                "differing": differing,
            }
        # Counted before they go: a run that dies in between leaves the next nothing to count.
        before = int((ending.closed or {}).get("passwords_erased", 0))
        erased = max(ending.erased, before + self._copies.sealed(slug))
        self._book.write(slug, Ending(asked, ending.closed, erased))
        self._copies.purge(slug)
        self._book.write(slug, Ending(asked, {**found, "passwords_erased": erased, **fields}, erased))
        return Live(order.address, fields)
