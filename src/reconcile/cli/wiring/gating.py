"""The gates of federations, judged by what this call knows: files, state, and the tenant when it was asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.config.settings.tables.legacy.lock import Lock
    from reconcile.planning.gates.gate import Gate
    from reconcile.resources.address import Address
    from reconcile.state.agreements import AgreementFolder
    from reconcile.state.snapshot.snapshot import Snapshot


#: What the tenant's settings say against each federation, by slug; None when it was not asked.
Switches = Mapping[str, Sequence[str]] | None


def judged(
    session: Session, federations: Sequence[Federation], everyone: Sequence[Federation], switches: Switches = None
) -> dict[str, tuple[Gate, ...]]:
    """Every gate of each of these federations, by slug. ``everyone``: all whose file could be read, for a date's room.

    ``switches``: None to go by what the last rehearsal saw.
    """
    from reconcile.config.rules.calendar import beyond_room
    from reconcile.planning.gates.facts import Facts
    from reconcile.planning.gates.gates import gates
    from reconcile.resources.milestones import milestones

    settings = session.settings
    beyond = beyond_room(everyone, settings.batches)
    slugs = [federation.slug for federation in federations]
    rehearsals, inventories = session.rehearsal_folder.read_all(slugs), session.inventory_folder.newest_of(slugs)
    agreed = agreements(session).read_all(slugs)
    found = {}
    for federation in federations:
        slug = federation.slug
        against = switches.get(slug, ()) if isinstance(switches, Mapping) else switches
        found[slug] = gates(
            Facts(
                federation,
                milestones(federation.file.migration.date, settings.calendar).lock,
                settings.batches,
                beyond.get(slug),
                rehearsals.get(slug),
                inventories.get(slug),
                against,
                settings.prices,
                seals=bool(settings.passwords.seal_to),
                returned=came_back(session, federation),
                host_lock=_lock(session, federation),
                agreement=agreed.get(slug),
            )
        )
    return found


def agreements(session: Session) -> AgreementFolder:
    """For which dates the federations confirmed, in this call's world."""
    from reconcile.state.agreements import AgreementFolder

    return AgreementFolder(session.state / "agreements", sandbox=session.sandbox)


def note_agreements(session: Session, federations: Sequence[Federation]) -> None:
    """Remember for which date each of them confirmed. Raises Problem STA01 or STA06."""
    for one in federations:
        migration = one.file.migration
        agreements(session).note(one.slug, migration.confirmed, migration.date)


def came_back(session: Session, federation: Federation) -> str:
    """What came back of a letter to the present contact, as the letter book says; "" when nothing did."""
    from reconcile.providers.post.book import LetterBook

    contact = federation.file.contact
    if contact is None or session.settings.letters.transport is None:
        return ""
    try:
        book = LetterBook(session.state / "letters", session.clock, sandbox=session.sandbox).read(federation.slug)
    except Problem as problem:
        return problem.message.rstrip(".")
    for letter in book.sendings:
        last = book.last(letter)
        if last is not None and last.bounced and last.to == contact.email:
            return Phrase(
                "the letter {letter} to {to} came back: {why}", letter=str(letter), to=last.to, why=last.bounced
            )
    return ""


def _lock(session: Session, federation: Federation) -> Lock | None:
    legacy = federation.file.legacy
    server = session.settings.legacy.get(legacy.server) if legacy else None
    return server.lock if server else None


def still_to_hold(
    found: Mapping[str, Sequence[Gate]],
    snapshots: Mapping[str, Snapshot],
    interrupted: Collection[Address],
    rolled_back: Collection[str] = (),
) -> tuple[Gate, ...]:
    """Of these gates, those that do not hold and still matter: a federation whose mailboxes were begun has passed them
    all, one whose old mailboxes are locked those before the lock. One that was rolled back has them before it again."""
    from reconcile.planning.gates.gate import BEFORE_THE_SWITCH

    result = []
    for slug, all_of_it in found.items():
        begun = {address.kind for address in snapshots[slug].records} if slug in snapshots else set()
        begun |= {address.kind for address in interrupted if address.federation == slug}
        if "mailbox" in begun and slug not in rolled_back:
            continue
        result += [gate for gate in all_of_it if gate.why and ("lock" not in begun or gate.code in BEFORE_THE_SWITCH)]
    return tuple(result)
