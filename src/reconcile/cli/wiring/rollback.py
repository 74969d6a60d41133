"""Which federations are rolled back, and what their records were before the switch: told by state and DNS journal."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.resources.address import Address
    from reconcile.resources.resource import Desired
    from reconcile.state.snapshot.snapshot import Snapshot


@dataclasses.dataclass(frozen=True)
class Returning:
    """``slugs``: the federations that are rolled back. ``desired``: their ways back. ``put_back``: what the records of
    every switch to come were before we changed them."""

    slugs: frozenset[str]
    desired: tuple[Desired, ...]
    put_back: Mapping[Address, tuple[str, ...]]


def returning(session: Session, federations: Sequence[Federation], snapshots: Mapping[str, Snapshot]) -> Returning:
    """Raises ``Problem`` DNS15 for a journal that is damaged."""
    from reconcile.resources.milestones import milestones
    from reconcile.resources.rollback import is_rolled_back, ways_back

    slugs: set[str] = set()
    desired: list[Desired] = []
    put_back: dict[Address, tuple[str, ...]] = {}
    now = session.clock.now()
    for federation in federations:
        slug = federation.slug
        recorded = {address: record.fields for address, record in snapshots[slug].records.items()}
        moments = milestones(federation.file.migration.date, session.settings.calendar)
        if not recorded or ("copy_back" not in {one.kind for one in recorded} and now >= moments.cutover):
            continue
        before = _before_the_switch(session, slug)
        put_back |= before
        if is_rolled_back(federation, recorded, moments, now, switched=bool(before)):
            slugs.add(slug)
            desired += ways_back(federation, recorded)
    return Returning(frozenset(slugs), tuple(desired), put_back)


def _before_the_switch(session: Session, slug: str) -> dict[Address, tuple[str, ...]]:
    """By address, the values of its MX and autodiscover records before we first changed them; of those that are not as
    they were."""
    from dns.rdatatype import RdataType

    from reconcile.providers.dns.journal import RecordJournal
    from reconcile.providers.dns.records.canonical import texts_of
    from reconcile.providers.dns.undo import reverts
    from reconcile.resources.address import Address

    entries = RecordJournal(session.state / "dns", session.clock).entries(slug)
    # What the last write of each left: whether it is still so, the plan sees in the zone.
    as_left = {(entry.swap.name, entry.swap.rdtype): entry.swap.after for entry in entries}
    found = {}
    for revert in reverts(slug, entries, as_left):  # type: ignore[arg-type]
        key = revert.key
        if key.rdtype is RdataType.MX or (key.rdtype is RdataType.CNAME and key.owner.startswith("autodiscover.")):
            values = texts_of(revert.did.before)
            if values != texts_of(revert.did.after):
                found[Address(slug, "dns", f"{key.owner}/{key.rdtype.name}")] = values
    return found
