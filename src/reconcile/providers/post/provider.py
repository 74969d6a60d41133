"""The provider of the kind ``notice``: its reader knows which letters have left, its writer has one leave once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Finding, Observation, Observed, Order, Provider, Scope, Unknown, Wanted, Weight
from reconcile.providers.outbox import Unsure
from reconcile.providers.post.book import LetterBook, Letters, Sending
from reconcile.providers.post.carrier import Carrier, Found, Parcel
from reconcile.providers.post.settling import observed, sent
from reconcile.resources.address import Address
from reconcile.resources.resource import Live

#: Seconds between two looks for a letter whose answer was lost, and how often it is looked for at once.
_LOOK_EVERY, _LOOKS = 2.0, 5

#: Makes the letter of that address ready to leave, to that recipient, telling that day, for the so-many-eth time.
Compose = Callable[[Address, str, str, int], Parcel]


def post_provider(
    book: LetterBook, carrier: Carrier, compose: Compose, clock: Clock, patience: dt.timedelta
) -> Provider:
    """``patience``: how long a letter whose answer was lost is looked for. One letter leaves at a time: forty are few,
    and services count them by the minute."""
    reader = PostReader(book, carrier, clock, patience)
    return Provider("post", reader, PostWriter(book, carrier, compose, clock, reader), default_parallel=1)


class PostReader:
    """Tells which letters have left. Asks outside only for one whose answer was lost."""

    def __init__(self, book: LetterBook, carrier: Carrier, clock: Clock, patience: dt.timedelta) -> None:
        self._book = book
        self._carrier = carrier
        self._clock = clock
        self._patience = patience

    def observe(self, scope: Scope) -> Observation:
        answers: dict[Address, Observed] = {}
        findings: list[Finding] = []
        domains = {slug: domain for domain, slug in reversed(list(scope.domains.items()))}
        for slug in dict.fromkeys(wanted.address.federation for wanted in scope.wanted):
            ones = [wanted for wanted in scope.wanted if wanted.address.federation == slug]
            try:
                book = self._book.read(slug)
            except Problem as problem:
                answers |= {wanted.address: Unknown(problem.message) for wanted in ones}
                continue
            answers |= {wanted.address: self.seen(wanted, book) for wanted in ones}
            findings += _returned(book, slug, domains.get(slug, slug), ones)
        return Observation(answers, findings=findings)

    def seen(self, wanted: Wanted, book: Letters) -> Observed:
        return observed(wanted, book, self._carrier.find, self._clock.now(), self._patience)


class PostWriter:
    """Has a letter leave. Raises ``Problem`` LET10 while nobody knows whether a former try left, LET11 when this one's
    answer was lost, and the carrier's own for one that did not leave."""

    def __init__(self, book: LetterBook, carrier: Carrier, compose: Compose, clock: Clock, reader: PostReader) -> None:
        self._book = book
        self._carrier = carrier
        self._compose = compose
        self._clock = clock
        self._reader = reader

    def create(self, order: Order) -> Live:
        return self._send(order)

    def update(self, order: Order) -> Live:
        """Another recipient or another day is another letter."""
        return self._send(order)

    def delete(self, order: Order) -> None:
        """What has left cannot be taken back; its record is all there is."""

    def _send(self, order: Order) -> Live:
        address, slug = order.address, order.address.federation
        to, day = str(order.fields["to"]), str(order.fields["day"])
        book = self._book.read(slug)
        recorded = dict(order.before.fields) if order.before else {}
        identity = order.before.identity if order.before else ""
        now = self._reader.seen(Wanted(address, None, identity, recorded), book)
        if isinstance(now, Unknown):
            why = now.reason if now.reason.endswith(".") else Phrase("{reason}.", reason=now.reason)
            raise Problem("LET10", why, "nothing was sent; apply again once that is settled")
        if isinstance(now, Live) and all(now.fields.get(name) == value for name, value in order.fields.items()):
            return now
        number = order.fields.get("attempt")
        attempt = number if isinstance(number, int) else 1
        parcel = self._compose(address, to, day, attempt)
        started = Sending(address.key, to, day, attempt, parcel.message_id, self._clock.now())
        self._book.begun(slug, started)
        try:
            self._carrier.deliver(parcel, lambda known_as: self._book.committed(slug, parcel.message_id, known_as))
        except Unsure as unsure:
            self._look_for(slug, parcel, str(unsure))
        except Problem as problem:
            self._book.unsent(slug, parcel.message_id, problem.message)
            raise
        self._book.sent(slug, parcel.message_id)
        found = self._book.read(slug).last_sent(address.key)
        return sent(address, found or started)

    def _look_for(self, slug: str, parcel: Parcel, why: str) -> None:
        """Return once the letter is seen to have left. Raises ``Problem`` LET11 when it is not seen."""
        tries = [one for ones in self._book.read(slug).sendings.values() for one in ones]
        known_as = next(
            (one.known_as for one in tries if one.message_id == parcel.message_id and one.known_as), parcel.message_id
        )
        for _ in range(_LOOKS):
            self._clock.sleep(_LOOK_EVERY)
            try:
                found = self._carrier.find(known_as)
            except Problem:
                continue
            if found is Found.LEFT:
                return
            if found is Found.CANNOT_LOOK:
                break
        raise Problem(
            "LET11",
            Phrase(
                "Nobody knows whether the letter {name} to {to} left: {why}.", name=parcel.name, to=parcel.to, why=why
            ),
            "apply again: it is looked for first, and never sent twice",
        )


def _returned(book: Letters, slug: str, domain: str, wanted: list[Wanted]) -> list[Finding]:
    """What came back: one sentence for each recipient of letters still asked for."""
    asked = {one.address: one.desired.fields["to"] for one in wanted if one.desired is not None}
    found = []
    for address, to in asked.items():
        last = book.last(address.key)
        if last is not None and last.bounced and last.to == to:
            sentence = Phrase(
                "the letter {key} to {to} came back: {bounced}", key=address.key, to=last.to, bounced=last.bounced
            )
            found.append(Finding(domain, "letters", Weight.WARNS, sentence, slug))
    return found
