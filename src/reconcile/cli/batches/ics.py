"""``reconcile batches ics``: calendars to hand out, of a date or of a federation."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.batches.calendar import loaded
from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.exits import DONE
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.documents.calendar import Moment

#: milestone → days from J, time of day, and how long it lasts.
_DAYS = {"list": (-14, dt.time(9)), "answer": (-7, dt.time(9)), "agreement": (-5, dt.time(9)), "day": (0, dt.time(9))}


@click.command()
@click.argument("what", nargs=-1, type=FEDERATION, metavar="[DATE|FEDERATION]…")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("calendars"), show_default=True)
@click.pass_obj
def ics(session: Session, what: tuple[str, ...], out: Path) -> int:
    """Write a calendar for each date and each federation named; for all of them when none is.

    Events are in UTC and keep their identifier when a date moves, so that a calendar follows it; how often each has
    changed is kept in spfstate/calendars.json.
    """
    from reconcile.documents.calendar import calendar, numbered
    from reconcile.state.durable import replace_file

    found = [(one, day) for one in loaded(session).federations if (day := one.file.migration.date)]
    register = session.state / "calendars.json"
    known = _read(register)
    now = {one.uid: one for federation, day in found for one in _moments(session, federation, day)}
    gone = [one for uid, (_, content) in known.items() if uid not in now and (one := _cancelled(uid, content))]
    numbers = numbered([*now.values(), *gone], known)
    sequences = {uid: sequence for uid, (sequence, _) in numbers.items()}
    files: dict[str, tuple[str, list[Moment]]] = {}
    for one in now.values():
        date = next(day for federation, day in found if federation.slug == one.federation)
        files.setdefault(f"{date}", (f"Migration du {date:%d/%m/%Y}", []))[1].append(one)
        files.setdefault(one.federation, (f"Migration — {one.name}", []))[1].append(one)
    for one in gone:
        files.setdefault(one.federation, (f"Migration — {one.federation}", []))[1].append(one)
    wanted = _wanted(what, files)
    out.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        title, moments = files[name]
        replace_file(out / f"{name}.ics", calendar(title, moments, sequences, session.clock.now()))
    session.state.mkdir(parents=True, exist_ok=True)
    replace_file(register, _encoded(numbers))
    session.warn(
        Phrase.counted(
            "{number} calendar written to {out}/.", "{number} calendars written to {out}/.", len(wanted), out=out
        )
    )
    return DONE


def _wanted(what: Sequence[str], files: dict[str, tuple[str, list[Moment]]]) -> list[str]:
    if not what:
        return sorted(files)
    chosen = []
    for word in what:
        name = next((one for one in (word.lower(), f"spf{word.lower()}") if one in files), None)
        if name is None:
            raise Problem(
                "CFG04", Phrase("No date and no federation with a date is called {word!r}.", word=word), "", 3
            )
        chosen.append(name)
    return chosen


def _moments(session: Session, federation: Federation, day: dt.date) -> Iterator[Moment]:
    from reconcile.documents.calendar import Moment
    from reconcile.resources.milestones import milestones

    name = federation.file.name
    moments = milestones(day, session.settings.calendar)
    for milestone, (days, time) in _DAYS.items():
        start = dt.datetime.combine(day + dt.timedelta(days=days), time, session.zone).astimezone(dt.UTC)
        yield Moment(federation.slug, name, milestone, start)
    yield Moment(
        federation.slug, name, "lock", moments.lock, moments.cutover if moments.cutover > moments.lock else None
    )
    yield Moment(federation.slug, name, "cutover", moments.cutover)


def _cancelled(uid: str, content: str) -> Moment | None:
    """The event of a federation that has no date any more, as it was, cancelled."""
    from reconcile.documents.calendar import MILESTONES, Moment

    slug, _, milestone = uid.partition("@")[0].rpartition("-")
    try:
        start = dt.datetime.fromisoformat(content.split(" ", maxsplit=1)[0])
    except ValueError:
        return None
    if milestone not in MILESTONES:
        return None
    return dataclasses.replace(Moment(slug, slug, milestone, start), cancelled=True)


def _read(register: Path) -> dict[str, tuple[int, str]]:
    try:
        document = json.loads(register.read_text(encoding="utf-8"))
        return {str(uid): (int(one["sequence"]), str(one["content"])) for uid, one in document["events"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError):
        hint = Phrase("move it away: calendars already handed out may then not follow a date that moves")
        raise Problem("CAL06", Phrase("{register} is damaged.", register=register), hint) from None


def _encoded(numbers: dict[str, tuple[int, str]]) -> bytes:
    events = {uid: {"sequence": sequence, "content": content} for uid, (sequence, content) in numbers.items()}
    return (json.dumps({"format": 1, "events": events}, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
