"""When the ways back of a federation that was rolled back may end: once nothing comes to its new mailboxes any more."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.cli.wiring.copies import copy_jobs
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.providers.dns.journal import Entry
    from reconcile.resources.address import Address
    from reconcile.resources.resource import Value

_LONG_AGO = dt.datetime.min.replace(tzinfo=dt.UTC)


def must_not_end(
    session: Session, slug: str, recorded: Mapping[Address, Mapping[str, Value]], entries: Sequence[Entry]
) -> dict[Address, str]:
    """What must stay of a federation whose MX leads to its old host again, and why; nothing where no mail comes back.
    ``entries``: what was written of its records.

    The tenant goes on delivering to every mailbox it knows, and nobody looks into these.
    """
    from reconcile.resources.rollback import what_ends

    ways = [address for address in recorded if address.kind == "copy_back"]
    why = _still_comes(session, slug, entries) if ways else ""
    return {one: why for way in ways for one in what_ends(way, recorded)} if why else {}


def unclosable(federation: Federation, recorded: Mapping[Address, Mapping[str, Value]]) -> dict[Address, str]:
    """The closing of a federation that went back, and what would change with it: the relay, and the connector that
    leads to the old host; why none of it is done. Nothing where no mail comes back, or no closing is asked for."""
    from reconcile.resources.address import Address

    if federation.file.migration.closed is None or not any(one.kind == "copy_back" for one in recorded):
        return {}
    slug = federation.slug
    refused = Problem(
        "RBK07",
        Phrase("{slug} went back to its old host and was not switched since: there is nothing to close.", slug=slug),
        Phrase("take closed: out, and have it switched on a new date first"),
    )
    with_it = [address for address in recorded if address.kind in ("mail_flow", "connector")]
    return dict.fromkeys([Address(slug, "closing", federation.file.domain), *with_it], refused.with_hint())


def _still_comes(session: Session, slug: str, entries: Sequence[Entry]) -> str:
    """Why mail may still come to the new mailboxes; "" once none does, and a pass has looked since."""
    from reconcile.resources.rollback import quiet_since

    jobs = [job for job in copy_jobs(session).list() if job.goes_back and job.key.startswith(f"{slug}/")]
    jobs = [job for job in jobs if job.state != "cancelled"]
    led_back, ttl = _led_back(entries)
    last = max((job.brought for job in jobs), default=0)
    quiet = quiet_since(led_back, ttl, dt.datetime.fromtimestamp(last, dt.UTC) if last else _LONG_AGO)
    hint = Phrase("reconcile copy work {slug} until then, and once after; then apply again", slug=slug)
    if session.clock.now() < quiet:
        when = quiet.astimezone(session.zone)
        until = Phrase(
            "Mail may come to the new mailboxes of {slug} until {date} at {time}, and nobody looks into them.",
            slug=slug,
            date=f"{when:%Y-%m-%d}",
            time=f"{when:%H:%M}",
        )
        return Problem("RBK06", until, hint).with_hint()
    if all(job.looked >= quiet.timestamp() for job in jobs):
        return ""
    unseen = Phrase("Nobody has looked whether mail came to the new mailboxes of {slug} meanwhile.", slug=slug)
    return Problem("RBK06", unseen, Phrase("reconcile copy work {slug}, then apply again", slug=slug)).with_hint()


def _led_back(entries: Sequence[Entry]) -> tuple[dt.datetime, int]:
    """When the last MX led to the old host again, and the seconds that who asked before may go on using the other."""
    from dns.rdatatype import RdataType

    from reconcile.providers.dns.records.canonical import texts_of

    last = {
        one.swap.name: one
        for one in entries
        if one.swap.rdtype is RdataType.MX and texts_of(one.swap.before) != texts_of(one.swap.after)
    }
    lives = [one.swap.before.ttl for one in last.values() if one.swap.before is not None]
    return max((dt.datetime.fromisoformat(one.at) for one in last.values()), default=_LONG_AGO), max(lives, default=0)
