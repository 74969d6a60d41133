"""What a sentence was made of, as JSON, so that what is stored is told in its reader's language. Pure.

What is stored says why in English. Beside it stands what each sentence was made of; parts that do not make that very
sentence count for nothing, so that no file can say one thing in one language and another in the next.
"""

from __future__ import annotations

import datetime as dt
import re
import string
from collections.abc import Iterable, Mapping
from typing import Any

from reconcile.language.phrase import Phrase


def made_of(text: str) -> dict[str, Any] | None:
    """What it was made of; None for what was made of nothing, which a catalogue knows as it stands."""
    return _parts(text) if isinstance(text, Phrase) and text.values else None


def told_again(text: str, parts: object) -> str:
    """The sentence as it was before it was stored; the text alone where these parts do not make it."""
    if not parts:
        return text
    try:
        phrase = phrase_of(parts)
    except UNMADE:
        return text
    return phrase if phrase == text else text


def phrase_of(parts: Any) -> Phrase:
    """The sentence that these make. Raises one of ``UNMADE``."""
    values = {str(name): _read(value) for name, value in parts["values"].items()}
    _plain_fields([parts["template"], parts.get("several", "")])
    if "several" in parts:
        return Phrase.counted(parts["template"], parts["several"], parts["number"], **values)
    return Phrase(parts["template"], **values)


#: What parts may raise that somebody else wrote.
UNMADE = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)


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


def _read(value: Any) -> object:
    match value:
        case {"template": str()}:
            return phrase_of(value)
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


def sentences_of(texts: Iterable[str]) -> dict[str, Any]:
    """English sentence → what it was made of; those that were made of nothing are left out."""
    return {text: parts for text in texts if (parts := made_of(text))}


def sentences_again(known: Mapping[str, Any]) -> dict[str, Phrase]:
    """The same read back: English sentence → the phrase. Raises one of ``UNMADE``."""
    found = {text: phrase_of(parts) for text, parts in known.items()}
    return {text: phrase for text, phrase in found.items() if phrase == text}
