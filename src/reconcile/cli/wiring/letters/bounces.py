"""Letters that came back: read from the sender's mailbox into the letter book."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.cli.wiring.letters.notices import letter_book
from reconcile.cli.wiring.letters.post import report_source
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.providers.post.book import LetterBook, Sending

#: A bounce comes within five days (RFC 5321 §4.5.4.1); the sending is looked at for as long, and a little more.
_BOUNCES_WITHIN = dt.timedelta(days=14)


def note_bounces(session: Session) -> Iterator[Phrase]:
    """What came back and was not known yet, noted and told. The mailbox is opened only when a letter left lately.

    Raises ``Problem`` LET08 when nobody knows where the mailbox is, LET30 when it cannot be read.
    """
    from reconcile.providers.post.bounces import bounces

    book, since = letter_book(session), session.clock.now() - _BOUNCES_WITHIN
    reports, sent = report_source(session), _sent_since(book, since)
    for report in reports(since.date()) if sent else ():
        for bounce in bounces(report):
            slug, sending = sent.get(bounce.message_id, ("", None))
            if sending is None or sending.bounced or bounce.recipient not in ("", sending.to):
                continue
            book.bounced(slug, sending.message_id, bounce.sentence)
            del sent[bounce.message_id]
            yield Phrase(
                "{slug}: the letter {letter} to {to} came back: {sentence}",
                slug=slug,
                letter=sending.letter,
                to=sending.to,
                sentence=bounce.sentence,
            )


def look_for_bounces(session: Session) -> None:
    """The same before a plan is made to be applied, so that its gates know; what cannot be read holds nothing up."""
    letters = session.settings.letters
    if letters.transport is None or (letters.mailbox is None and letters.transport != "graph"):
        return
    try:
        for told in note_bounces(session):
            session.warn(told)
    except Problem as problem:
        session.warn(
            Phrase("{code} {message}\n  → {hint}", code=problem.code, message=problem.message, hint=problem.hint)
        )


def _sent_since(book: LetterBook, since: dt.datetime) -> dict[str, tuple[str, Sending]]:
    """Message-ID → federation and sending not known to have come back, under every identifier it may be quoted by."""
    found: dict[str, tuple[str, Sending]] = {}
    for slug in book.federations():
        for one in itertools.chain.from_iterable(book.read(slug).sendings.values()):
            if (one.sent or one.committed or one.begun) >= since and not one.bounced:
                found |= {identifier: (slug, one) for identifier in (one.message_id, one.known_as) if identifier}
    return found
