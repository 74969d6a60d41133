"""What ends a migration: a last pass of its copies, then the closing that its file asks for. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from reconcile.config.federation.federation import Federation
from reconcile.resources.address import Address
from reconcile.resources.milestones import Milestones
from reconcile.resources.resource import Desired, Place
from reconcile.resources.rollback import SENDERS_TRY

#: The lines of ``overrides`` that sign exceptions off: refused messages, mailboxes that do not compare.
REFUSED, UNSOUND = "GAT51", "GAT52"


def last_pass_from(planned: dt.datetime, old_mx_until: dt.datetime | None) -> dt.datetime:
    """The moment of the last pass: as planned, or later where the switch came late, or senders hold the old MX for
    longer than the calendar leaves them. ``old_mx_until``: None where that is not known."""
    return planned if old_mx_until is None else max(planned, old_mx_until + SENDERS_TRY)


def closing(
    federation: Federation, recorded: Mapping[Address, dt.datetime], moments: Milestones, now: dt.datetime
) -> Iterator[Desired]:
    """The last pass once its moment has come, or the file asks for the closing, which waits for it. Nothing for a
    federation of which nothing was copied; no last pass where every copy was queued after its moment, for then the
    first one is as late as it must be.

    ``recorded``: what the state holds, and when it was written.
    """
    kinds, file = {address.kind for address in recorded}, federation.file
    if not kinds & {"copy", "last_pass", "closing"}:
        return
    closed = file.migration.closed
    early = any(address.kind == "copy" and at < moments.last_pass for address, at in recorded.items())
    wanted = "last_pass" in kinds or (early and (closed is not None or now >= moments.last_pass))
    last = Address(federation.slug, "last_pass", file.domain)
    if wanted:
        due = None if "closing" in kinds else moments.last_pass
        yield Desired(last, {"asked": True}, due=due)
    if closed is not None:
        place = Place.of(federation, ("migration", "closed"))
        reasons: Mapping[str, str] = {str(code): why for code, why in file.overrides.items()}
        fields = {"on": closed.isoformat(), "refused": reasons.get(REFUSED, ""), "unsound": reasons.get(UNSOUND, "")}
        # Whoever has not had their password yet, has it first: the vault is emptied.
        handed = Address(federation.slug, "credentials", file.domain)
        after = (last, handed) if wanted else (handed,)
        yield Desired(Address(federation.slug, "closing", file.domain), fields, after, place=place)
