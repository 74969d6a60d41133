"""What ends the migrations of some federations: last passes and closings, and when the first may be."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.resources.address import Address
    from reconcile.resources.milestones import Milestones
    from reconcile.resources.resource import Desired
    from reconcile.state.snapshot.snapshot import Snapshot


@dataclasses.dataclass(frozen=True)
class Ends:
    """``held``: what nothing may be done to, because nobody knows how long senders hold the old MX; and why."""

    desired: tuple[Desired, ...]
    held: Mapping[Address, str]


def ends_of(session: Session, federations: Sequence[Federation], snapshots: Mapping[str, Snapshot]) -> Ends:
    from reconcile.resources.closing import closing
    from reconcile.resources.milestones import milestones

    now, calendar = session.clock.now(), session.settings.calendar
    desired: list[Desired] = []
    held: dict[Address, str] = {}
    for federation in federations:
        recorded = _written(snapshots[federation.slug])
        moments, why = milestones(federation.file.migration.date, calendar), ""
        kinds = {address.kind for address in recorded}
        if "copy" in kinds and "closing" not in kinds:
            try:
                moments = _with_the_old_mx(session, federation.slug, moments)
            except Problem as problem:
                why = problem.with_hint()
        asked = tuple(closing(federation, recorded, moments, now))
        desired += asked
        held |= {one.address: why for one in asked if why}
    return Ends(tuple(desired), held)


def _with_the_old_mx(session: Session, slug: str, moments: Milestones) -> Milestones:
    """Raises ``Problem`` DNS15 for a journal that is damaged."""
    from reconcile.providers.dns.journal import RecordJournal
    from reconcile.providers.dns.old_mx import old_mx_until
    from reconcile.resources.closing import last_pass_from

    entries = RecordJournal(session.state / "dns", session.clock).entries(slug)
    return dataclasses.replace(moments, last_pass=last_pass_from(moments.last_pass, old_mx_until(entries)))


def _written(snapshot: Snapshot) -> Mapping[Address, dt.datetime]:
    """When each record was written; long ago where that cannot be read."""
    never = dt.datetime.min.replace(tzinfo=dt.UTC)

    def moment(text: str) -> dt.datetime:
        try:
            at = dt.datetime.fromisoformat(text)
        except ValueError:
            return never
        return at if at.tzinfo else never

    return {address: moment(record.applied_at) for address, record in snapshot.records.items()}
