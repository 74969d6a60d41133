"""Drift, made visible: field, recorded, live, and since when it was right."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.planning.diff.drift import Drift, Drifted
from reconcile.resources.kinds import KINDS, FieldType
from reconcile.views.wording import ALARM, DRIFT, colon, plain, resource, value


def drift_text(drift: Drift, zone: dt.tzinfo, words: Catalogue = ENGLISH) -> list[Text]:
    """The lines of a drift report, complete without colour. ``zone``: in which moments are said."""
    lines: list[Text] = []
    for address, fields in itertools.groupby(drift.fields, key=lambda one: one.address):
        drifted = list(fields)
        since = moment(dt.datetime.fromisoformat(drifted[0].since), zone) if drifted[0].since else "?"
        told = words.say(Phrase("right when last applied, {since}", since=since))
        lines.append(Text(resource(address), "bold").append(f"  {told}", "not bold"))
        lines += [Text("    ").append_text(_field(one, words)) for one in drifted]
    for address, reason in drift.unknown.items():
        lines.append(Text(f"? {resource(address)}{colon(words)}{words.say(reason, plain)}", ALARM))
    touched = len({one.address for one in drift.fields})
    headline = words.say(
        Phrase.counted("{number} resource drifted.", "{number} resources drifted.", touched)
        if touched
        else Phrase("Nothing drifted.")
    )
    if drift.unknown:
        unread = Phrase.counted(
            "{number} resource could not be read.", "{number} resources could not be read.", len(drift.unknown)
        )
        headline += f" {words.say(unread)}"
    return [*lines, *([Text()] if lines else []), Text(headline, "bold")]


def _field(one: Drifted, words: Catalogue) -> Text:
    if not one.name:
        return Text(words.say(Phrase("gone")), DRIFT)
    if KINDS[one.address.kind].fields[one.name].type is FieldType.SCALAR:
        return Text(f"{one.name}{colon(words)}{value(one.recorded, words)} → {value(one.live, words)}", DRIFT)
    recorded, live = _items(one.recorded), _items(one.live)
    moved = [f"+ {item}" for item in live if item not in recorded] + [
        f"- {item}" for item in recorded if item not in live
    ]
    return Text(f"{one.name}{colon(words)}{plain(', '.join(moved))}", DRIFT)


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
