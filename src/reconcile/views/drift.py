"""Drift, made visible: field, recorded, live, and since when it was right."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from rich.text import Text

from reconcile.planning.diff.drift import Drift, Drifted
from reconcile.resources.kinds import KINDS, FieldType
from reconcile.views.wording import ALARM, DRIFT, count, moment, plain, resource, value


def drift_text(drift: Drift, zone: dt.tzinfo) -> list[Text]:
    """The lines of a drift report, complete without colour. ``zone``: in which moments are said."""
    lines: list[Text] = []
    for address, fields in itertools.groupby(drift.fields, key=lambda one: one.address):
        drifted = list(fields)
        since = moment(dt.datetime.fromisoformat(drifted[0].since), zone) if drifted[0].since else "?"
        lines.append(Text(resource(address), "bold").append(f"  right when last applied, {since}", "not bold"))
        lines += [Text("    ").append_text(_field(one)) for one in drifted]
    for address, reason in drift.unknown.items():
        lines.append(Text(f"? {resource(address)}: {plain(reason)}", ALARM))
    touched = len({one.address for one in drift.fields})
    headline = f"{count(touched, 'resource')} drifted." if touched else "Nothing drifted."
    if drift.unknown:
        headline += f" {count(len(drift.unknown), 'resource')} could not be read."
    return [*lines, *([Text()] if lines else []), Text(headline, "bold")]


def _field(one: Drifted) -> Text:
    if not one.name:
        return Text("gone", DRIFT)
    if KINDS[one.address.kind].fields[one.name].type is FieldType.SCALAR:
        return Text(f"{one.name}: {value(one.recorded)} → {value(one.live)}", DRIFT)
    recorded, live = _items(one.recorded), _items(one.live)
    moved = [f"+ {item}" for item in live if item not in recorded] + [
        f"- {item}" for item in recorded if item not in live
    ]
    return Text(f"{one.name}: {plain(', '.join(moved))}", DRIFT)


def _items(known: object) -> tuple[str, ...]:
    return known if isinstance(known, tuple) else ()


def drift_document(drift: Drift) -> dict[str, Any]:
    """The drift as JSON-ready data."""
    return {
        "format_version": 1,
        "drifted": [
            {
                "address": str(one.address),
                "field": one.name or None,
                "recorded": one.recorded,
                "live": one.live,
                "right_at": one.since or None,
            }
            for one in drift.fields
        ],
        "unknown": {str(address): reason for address, reason in drift.unknown.items()},
    }
