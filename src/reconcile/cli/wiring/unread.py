"""What could not be read when federations were to be applied, kept for whoever looks later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.cli.wiring.prepare import Prepared
    from reconcile.planning.plan.plan import Plan
    from reconcile.state.unread import Unread, UnreadFolder


def unread_folder(session: Session) -> UnreadFolder:
    """Of this call's world."""
    from reconcile.state.unread import UnreadFolder

    return UnreadFolder(session.state / "unread", sandbox=session.sandbox)


def note_unread(session: Session, plan: Plan, prepared: Prepared) -> None:
    """Keep what could not be read of these federations, all of which the plan looked at whole. Raises Problem STA01 or
    STA06."""
    from reconcile.state.unread import Unread

    folder, now, inputs = unread_folder(session), session.clock.now(), prepared.inputs
    # What was read and is held, and what depends on another that is unknown, has no place here.
    held = {*inputs.held.values(), *inputs.kept.values(), *inputs.forgotten.values()}
    for slug in (federation.slug for federation in prepared.federations):
        own = [one for one in plan.blocked if one.address.federation == slug and one.because is None]
        reasons = {str(one.address): str(one.reason) for one in own if one.reason not in held}
        folder.note(slug, Unread(now, reasons))


def told(session: Session, unread: Unread | None) -> Iterator[str]:
    """One sentence for each reason, with the first of the resources it stops."""
    if unread is None:
        return
    moment = f"{unread.at.astimezone(session.zone):%Y-%m-%d %H:%M}"
    by_reason: dict[str, list[str]] = {}
    for address, why in unread.reasons.items():
        by_reason.setdefault(why, []).append(address)
    for why, (first, *others) in by_reason.items():
        which = Phrase("{first} and {number} more", first=first, number=len(others)) if others else first
        yield Phrase("{which} could not be read on {moment}: {why}", which=which, moment=moment, why=why)
