"""Moments as they are typed on the command line: a day, a time of day, or both, in the network's time zone."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import click

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase

Command = TypeVar("Command", bound=Callable[..., Any])


def as_of_moment(typed: str, zone: ZoneInfo) -> dt.datetime | None:
    """The moment ``--as-of`` names, in UTC; a day alone is its last minute. None when nothing is named.

    Raises click's usage error on anything else.
    """
    if not typed:
        return None
    try:
        day = dt.date.fromisoformat(typed)
    except ValueError:
        return _local(typed, zone, "--as-of")
    return dt.datetime.combine(day, dt.time(23, 59), zone).astimezone(dt.UTC)


def moment_at(typed: str, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The moment ``--at`` names, in UTC: a time of today, or a day and a time. It may have passed.

    Raises click's usage error on anything else.
    """
    try:
        time = dt.time.fromisoformat(typed)
    except ValueError:
        return _local(typed, zone, "--at")
    if time.tzinfo is not None:
        raise click.UsageError(
            Phrase("{typed} names a time zone; times are the network's, {key}.", typed=typed, key=zone.key)
        )
    return dt.datetime.combine(now.astimezone(zone).date(), time, zone).astimezone(dt.UTC)


def as_of_option(command: Command) -> Command:
    """Add ``--as-of``: the command's session plays that moment."""

    def play(context: click.Context, _parameter: click.Parameter, typed: str) -> None:
        if typed:
            context.obj = dataclasses.replace(_session(context), as_of=typed)

    option = click.option(
        "--as-of",
        metavar="MOMENT",
        default="",
        expose_value=False,
        callback=play,
        help="Play another day, such as 2025-01-19 or 2025-01-19T16:00, in the network's time.",
    )
    return option(command)


def _session(context: click.Context) -> Session:
    session = context.find_object(Session)
    if session is None:
        raise RuntimeError("the group itself sets the session")
    return session


def _local(typed: str, zone: ZoneInfo, option: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(typed)
    except ValueError:
        raise click.UsageError(
            Phrase("{option}: {typed!r} is no moment, like 2025-01-19T16:00.", option=option, typed=typed)
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(dt.UTC)
