"""Where the letters of a federation stand, told from the state, the letter book and the inventory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.cli.wiring.letters.notices import CopyJobs, letter_book, notice_facts
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.planning.letters import LetterStatus
    from reconcile.state.snapshot.snapshot import Snapshot


def letter_statuses_of(
    session: Session, federation: Federation, snapshot: Snapshot | None, jobs: CopyJobs
) -> tuple[LetterStatus, ...]:
    """Every letter that was sent or is due. Raises ``Problem`` LET03 when the letter book is damaged."""
    if session.settings.letters.transport is None:
        return ()
    from reconcile.planning.letters import letter_statuses
    from reconcile.resources.notices import Letter

    book = letter_book(session).read(federation.slug)
    last = {letter: sending for letter in Letter if (sending := book.last(letter.value)) is not None}
    records = {address.key: record for address, record in (snapshot.records if snapshot else {}).items()}
    returned = {letter: one.bounced for letter, one in last.items() if one.bounced}
    unsure = {
        letter: Phrase("handed over to {to}, and no answer came", to=one.to)
        for letter, one in last.items()
        if one.unsure and (letter.value not in records or records[letter.value].identity != one.message_id)
    }
    facts = notice_facts(session, federation, snapshot, jobs)
    now = session.clock.now()
    return tuple(letter_statuses(federation, facts, session.settings, now, returned, unsure))
