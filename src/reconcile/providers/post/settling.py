"""What became of a letter, told from the book, the state and, where nobody knows, from looking for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observed, Unknown, Wanted
from reconcile.providers.post.book import Letters, Sending
from reconcile.providers.post.carrier import Found
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value


def observed(
    wanted: Wanted, book: Letters, find: Callable[[str], Found], now: dt.datetime, patience: dt.timedelta
) -> Observed:
    """Whether the letter has left: found, absent, or unknown for as long as nobody can tell.

    ``find`` looks for a Message-ID, and may raise ``Problem``. After ``patience`` a letter that is
    nowhere has not left.
    """
    letter = wanted.address.key
    last = book.last(letter)
    if last is None:
        # The book may be another machine's; the state remembers all the same.
        return Live(wanted.address, dict(wanted.recorded), wanted.identity) if wanted.recorded else ABSENT
    if last.sent is not None or (wanted.identity == last.message_id and wanted.recorded):
        return sent(wanted.address, last)
    return _settled(wanted, book, last, find, now, patience)


def sent(address: Address, sending: Sending) -> Live:
    """The letter as the world shows it once it has left."""
    moment = sending.sent or sending.committed or sending.begun
    outputs: Mapping[str, Value] = {"sent": moment.isoformat(timespec="seconds")}
    fields: Mapping[str, Value] = {"to": sending.to, "day": sending.day, "attempt": sending.attempt}
    return Live(address, fields, sending.message_id, outputs)


def _settled(
    wanted: Wanted, book: Letters, last: Sending, find: Callable[[str], Found], now: dt.datetime, patience: dt.timedelta
) -> Observed:
    handed = (last.committed or last.begun).astimezone(dt.UTC)
    said = Phrase(
        "The letter {letter} to {to} was handed over at {day:%Y-%m-%d} {at:%H:%M} UTC",
        letter=wanted.address.key,
        to=last.to,
        day=handed,
        at=handed,
    )
    try:
        found = find(last.known_as or last.message_id)
    except Problem as problem:
        return Unknown(Phrase("{said}, and cannot be looked for: {why}", said=said, why=problem.message))
    if found is Found.LEFT:
        return sent(wanted.address, last)
    settle = f"reconcile letter settle {wanted.address.federation} {wanted.address.key}"
    if found is Found.CANNOT_LOOK:
        return Unknown(
            Phrase(
                "{said} and no answer came; look in the sender's mailbox, or ask {to}, then say: {settle} --sent, or "
                "--unsent",
                said=said,
                to=last.to,
                settle=settle,
            )
        )
    if now - handed < patience:
        return Unknown(
            Phrase(
                "{said} and no answer came; it is looked for until {until:%H:%M} UTC: plan again then",
                said=said,
                until=handed + patience,
            )
        )
    before = book.last_sent(wanted.address.key)
    return sent(wanted.address, before) if before else ABSENT
