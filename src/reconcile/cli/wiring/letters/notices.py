"""Which letters are due: what was sent, answered and copied, as state, letter book and inventory tell it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.mailcopy.queue.jobs import Job
    from reconcile.providers.post.book import LetterBook
    from reconcile.resources.notices import Letter, NoticeFacts, Sent
    from reconcile.resources.resource import Desired
    from reconcile.state.snapshot.snapshot import Snapshot

#: States of a copy that is over, as far as it can be.
_OVER = frozenset({"done", "partial"})


def notices_of(
    session: Session, federations: Sequence[Federation], snapshots: Mapping[str, Snapshot], desired: Sequence[Desired]
) -> tuple[Desired, ...]:
    """The letters these federations are due. ``desired``: all their other resources."""
    from reconcile.resources.notices import notices

    if session.settings.letters.transport is None:
        return ()
    now, jobs = session.clock.now(), CopyJobs(session)
    found: list[Desired] = []
    others: dict[str, list[Desired]] = {}
    for one in desired:
        others.setdefault(one.address.federation, []).append(one)
    for federation in federations:
        facts = notice_facts(session, federation, snapshots.get(federation.slug), jobs, others.get(federation.slug, ()))
        found += notices(federation, facts, session.settings, now)
    return tuple(found)


def notice_facts(
    session: Session,
    federation: Federation,
    snapshot: Snapshot | None,
    copies: CopyJobs,
    others: Sequence[Desired] = (),
) -> NoticeFacts:
    """What decides which letters a federation is due: what was sent, answered and copied."""
    from reconcile.resources.notices import Letter, NoticeFacts

    sent = sent_to(session, federation.slug, snapshot)
    jobs = copies.of(federation.slug) if Letter.OPENING in sent else ()
    over = bool(jobs) and all(job.state in _OVER for job in jobs if job.state != "cancelled")
    return NoticeFacts(sent, _asked(session, federation.slug), _answered(session, federation), over, others)


def sent_to(session: Session, slug: str, snapshot: Snapshot | None) -> Mapping[Letter, Sent]:
    """The last of each letter that has left, as the state says it and, where it is newer, this folder's letter book."""
    from reconcile.resources.notices import sent_letters

    told = [
        (address.key, record.fields, str(record.outputs.get("sent") or record.applied_at))
        for address, record in (snapshot.records.items() if snapshot else ())
        if address.kind == "notice"
    ]
    try:
        book = letter_book(session).read(slug)
    except Problem:
        book = None  # the reader says so, and blocks the letters
    left = [book.last_sent(letter) for letter in book.sendings] if book else []
    told += [
        (one.letter, {"to": one.to, "day": one.day, "attempt": one.attempt}, one.sent.isoformat())
        for one in left
        if one and one.sent
    ]
    return sent_letters(sorted(told, key=lambda one: one[2]))


def _asked(session: Session, slug: str) -> Mapping[Letter, int]:
    """The letters somebody asked for again, and the number each then has."""
    from reconcile.resources.notices import Letter

    try:
        attempts = letter_book(session).read(slug).attempts
    except Problem:
        return {}
    return {letter: attempts[letter.value] for letter in Letter if letter.value in attempts}


def _answered(session: Session, federation: Federation) -> bool:
    """Whether the federation has decided on every old address, or agreed on the date, which says the same."""
    from reconcile.config.inventory.inventory import Inventory
    from reconcile.config.rules.inventory import undecided

    if federation.file.migration.confirmed is not None:
        return True
    found = session.inventory_folder.newest_of([federation.slug]).get(federation.slug)
    return isinstance(found, Inventory) and not undecided(federation, found)


class CopyJobs:
    """The list of copies, read once and when it is asked for; empty when there is none yet."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, slug: str) -> Sequence[Job]:
        """The copies of a federation."""
        return self._by_federation.get(slug, ())

    @functools.cached_property
    def _by_federation(self) -> Mapping[str, Sequence[Job]]:
        from reconcile.cli.wiring.copies import copy_jobs

        session = self._session
        found: dict[str, list[Job]] = {}
        if session.settings.copies.database or (session.state / "copies").exists():
            for job in copy_jobs(session).list():
                found.setdefault(job.key.partition("/")[0], []).append(job)
        return found


def letter_book(session: Session) -> LetterBook:
    """Where every sending is remembered."""
    from reconcile.providers.post.book import LetterBook

    return LetterBook(session.state / "letters", session.clock, sandbox=session.sandbox)
