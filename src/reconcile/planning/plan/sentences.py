"""The sentences of a plan as its file keeps them, so that a saved plan is told in the reader's language. Pure.

A plan says why in English sentences. Beside them the file has what each was made of; a sentence that is not what this
makes stays as it stands, so that no file can say one thing in one language and another in the next.
"""

from __future__ import annotations

import datetime as dt
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.planning.plan.plan import Plan


def made_of(plan: Plan) -> dict[str, Any]:
    """English sentence → what it was made of, as JSON; those that were made of nothing are left out."""
    return {text: _parts(text) for text in _told(plan) if isinstance(text, Phrase) and text.values}


def again(known: Mapping[str, Any]) -> dict[str, Phrase]:
    """The same read back: English sentence → the phrase. Raises what ``planfile_reading.read`` does."""
    found = {text: _phrase(parts) for text, parts in known.items()}
    return {text: phrase for text, phrase in found.items() if phrase == text}


def _told(plan: Plan) -> Iterator[str]:
    yield from (one.reason for one in plan.blocked)
    yield from (one.sentence for one in plan.findings)
    yield from (one.why for one in plan.left_out)
    yield from (one.note for one in plan.changes)
    for gate in plan.gates:
        yield from (gate.why, gate.hint)


def _parts(phrase: Phrase) -> dict[str, Any]:
    parts: dict[str, Any] = {"template": phrase.template}
    if phrase.plural:
        parts["several"], parts["number"] = phrase.plural
    parts["values"] = {name: _value(value) for name, value in phrase.values.items()}
    return parts


def _value(value: object) -> Any:
    match value:
        case Phrase() if value.values:
            return _parts(value)
        case bool() | int() | float():
            return value
        case dt.datetime():
            return {"moment": value.isoformat()}
        case dt.date():
            return {"day": value.isoformat()}
    return str(value)


def _phrase(parts: Mapping[str, Any]) -> Phrase:
    values = {str(name): _read(value) for name, value in parts["values"].items()}
    _plain_fields([parts["template"], parts.get("several", "")])
    if "several" in parts:
        return Phrase.counted(parts["template"], parts["several"], parts["number"], **values)
    return Phrase(parts["template"], **values)


def _read(value: Any) -> object:
    match value:
        case {"template": str()}:
            return _phrase(value)
        case {"moment": str(moment)}:
            return dt.datetime.fromisoformat(moment)
        case {"day": str(day)}:
            return dt.date.fromisoformat(day)
        case str() | bool() | int() | float():
            return value
    raise TypeError(value)


def _plain_fields(templates: Iterable[str]) -> None:
    """Raises ValueError for a template that looks into its values, or fills a page with one."""
    for template in templates:
        for _, name, spec, _ in string.Formatter().parse(template):
            if name is not None and not (name.isidentifier() and _SPEC.fullmatch(spec or "")):
                raise ValueError(template)


#: How our templates have numbers and days written.
_SPEC = re.compile(r"[<>]?\d{0,2},?(\.\d)?[a-z]?|%[%A-Za-z:/ -]{0,15}")
