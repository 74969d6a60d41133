"""The letters of a federation in its plan, on one line: they wait for weeks, and must not hide what changes today."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Sequence

from rich.text import Text

from reconcile.planning.plan.plan import Action, Change
from reconcile.views.wording import DRIFT, QUIET, moment, plain, value


def notices_text(changes: Sequence[Change], now: dt.datetime, zone: dt.tzinfo) -> Iterator[Text]:
    """One line for each recipient: the letters due now, then those that wait, each with its moment."""

    def recipient(change: Change) -> str:
        return value(change.wanted.get("to", ""))

    for to, group in itertools.groupby(
        sorted(changes, key=lambda one: (recipient(one), one.due is not None)), recipient
    ):
        ones = list(group)
        due = [one for one in ones if one.due is None or one.due <= now]
        later = sorted((one for one in ones if one not in due), key=lambda one: (one.due or now, one.address.key))
        line = Text("  notice").append(f"  to {to}: " if to else "  ", QUIET)
        if due:
            line.append("now " + ", ".join(map(_named, due)), DRIFT)
        if later:
            line.append("; " if due else "", QUIET)
            said = [f"{_named(one)} {moment(one.due, zone) if one.due else ''}" for one in later]
            line.append(", ".join(said), QUIET)
        yield line


def _named(change: Change) -> str:
    key = plain(change.address.key)
    return (
        f"{key} again" if change.action is Action.UPDATE else f"forget {key}" if change.action is Action.FORGET else key
    )
