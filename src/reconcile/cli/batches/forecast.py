"""``reconcile batches forecast``: when each federation of a date will be through, and what it waits for."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click
from rich.text import Text

from reconcile.cli.batches.calendar import gigabytes, loaded
from reconcile.cli.session.exits import DONE
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.planning.batches.forecast import Expected

_HEADS = (
    *(Phrase("federation"), Phrase("mailboxes"), Phrase("old mail")),
    *(Phrase("locked"), Phrase("created"), Phrase("switched"), Phrase("copied")),
)
#: Columns are at least so wide.
_LEAST = (11, 9, 10, 14, 14, 14, 14)


@click.command()
@click.argument("date", metavar="DATE")
@click.option(
    "--rate", type=float, default=10.0, show_default=True, help="Megabytes a second the old hosts give in all."
)
@click.option(
    "--mailbox-rate", type=float, default=300.0, show_default=True, help="Megabytes an hour into one new mailbox."
)
@click.option(
    "--provisioning", type=float, default=420.0, show_default=True, help="Seconds from a licence to a mailbox."
)
@click.option("--begun", metavar="TIME", help="When the work of the eve begins, as 18:05; the lock unless said.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@click.pass_obj
def forecast(
    session: Session, date: str, rate: float, mailbox_rate: float, provisioning: float, begun: str | None, as_json: bool
) -> int:
    """Say when each federation of DATE will be locked, created, switched and copied, and what limits it.

    From the files, the state (whose domains are prepared), the sizes of the inventory (2 GB for a mailbox nobody
    measured) and the published quotas; nothing outside is asked and nothing waits.
    """
    from reconcile.planning.batches.forecast import Pace
    from reconcile.planning.batches.forecast import forecast as expect
    from reconcile.resources.milestones import milestones

    try:
        day = dt.date.fromisoformat(date)
    except ValueError:
        raise click.UsageError(Phrase("{date!r} is no date, like 2025-01-20.", date=date)) from None
    if rate <= 0 or mailbox_rate <= 0 or provisioning < 0:
        raise click.UsageError("A rate is more than nothing, and no time is less.")
    try:
        time = dt.time.fromisoformat(begun) if begun else None
    except ValueError:
        raise click.UsageError(Phrase("{begun!r} is no time of day, like 18:05.", begun=begun)) from None
    ones = sorted(
        (one for one in loaded(session).federations if one.file.migration.date == day), key=lambda one: one.slug
    )
    if not ones:
        raise Problem("CFG04", Phrase("No federation migrates on {day}.", day=day), "see: reconcile batches show", 3)
    inventories = session.inventory_folder.newest_of(one.slug for one in ones)
    moments = milestones(day, session.settings.calendar)
    pace = Pace(provisioning=provisioning, copied=rate * 1e6, into_one=mailbox_rate * 1e6 / 3600)
    start = dt.datetime.combine(day - dt.timedelta(days=1), time, session.zone) if time else None
    unprepared = [one.slug for one in ones if not _prepared(session, one)]
    found = expect(ones, inventories, moments, session.settings.copies, pace, begun=start, unprepared=unprepared)
    if as_json:
        click.echo(json.dumps({"federations": [_entry(one) for one in found]}, ensure_ascii=False, indent=1))
    else:
        session.print(_lines(session, found, unprepared))
    return DONE


def _prepared(session: Session, one: Federation) -> bool:
    """Whether the state says that the tenant took all the federation's domains."""
    from reconcile.cli.wiring.store import store

    kept = store(session).read(one.slug)
    held = {address.key for address in kept.records if address.kind == "domain_verification"} if kept else set()
    return set(one.domains) <= held


def _lines(session: Session, found: Sequence[Expected], unprepared: Sequence[str]) -> Iterator[Text]:
    from reconcile.language.moments import near_moment
    from reconcile.views.counts import federations, mailboxes

    say, zone = session.words.say, session.zone
    heads = [say(head) for head in _HEADS]
    rows = [
        [
            one.federation,
            str(one.mailboxes),
            say(gigabytes(one.size)),
            *(say(near_moment(moment, zone)) for moment in (one.locked, one.created, one.switched, one.copied)),
        ]
        for one in found
    ]
    columns = zip(_LEAST, heads, *rows, strict=True)
    widths = [max(least, *(len(cell) + 1 for cell in column)) for least, *column in columns]
    yield Text(f"{_aligned(heads, widths)}{say(Phrase('limited by'))}", "bold")
    for one, row in zip(found, rows, strict=True):
        yield Text(f"{_aligned(row, widths)}{say(one.limit)}")
    last = max(one.copied for one in found)
    closing = Phrase(
        "{federations}, {mailboxes}: all switched {switched}, all copied {copied} ({zone}).",
        federations=federations(len(found)),
        mailboxes=mailboxes(sum(one.mailboxes for one in found)),
        switched=near_moment(max(one.switched for one in found), zone),
        copied=near_moment(last, zone),
        zone=f"{last.astimezone(zone):%Z}",
    )
    yield Text(say(closing), "bold")
    seen = Phrase(
        "No cache leads to an old host after {moment}, if its TTL was lowered.",
        moment=near_moment(max(one.seen for one in found), zone),
    )
    yield Text(say(seen))
    if unprepared:
        told = Phrase(
            "Still to be prepared (domain, verification, DKIM): {federations}. Apply them before.",
            federations=", ".join(unprepared),
        )
        yield Text(say(told))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The name, two numbers, and the moments."""
    numbers = "".join(cell.rjust(width) for cell, width in zip(cells[1:3], widths[1:3], strict=True))
    moments = "".join(cell.ljust(width) for cell, width in zip(cells[3:], widths[3:], strict=True))
    return f"{cells[0].ljust(widths[0])}{numbers}  {moments}"


def _entry(one: Expected) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, dt.datetime) else value
        for name, value in dataclasses.asdict(one).items()
    }
