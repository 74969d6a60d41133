"""The kinds of text a federation file holds, and what each becomes: addresses, dates, amounts, identifiers.

Every value arrives as text (see ``document``). A text that cannot be read raises pydantic's custom error whose type is
the rule's code, so that one bad value is one remark.
"""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Any, Literal, NoReturn

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from reconcile.language.phrase import Phrase

_LICENCES = {"e1": "E1", "e3": "E3", "shared": "shared", "partagée": "shared", "partagee": "shared"}


def refuse(code: str, message: str, hint: str = "") -> NoReturn:
    """Raise the error that becomes the diagnostic ``code``."""
    raise PydanticCustomError(code, "{message}", {"message": message, "hint": hint})


#: The spaces of French typography, before « : » and « ! » or between thousands: normal text inside a line.
_FRENCH_SPACES = dict.fromkeys((0x00A0, 0x2009, 0x202F), " ")


def _line(text: str) -> str:
    line = text.strip()
    if not line.isprintable() and not line.translate(_FRENCH_SPACES).isprintable():
        refuse("SPF105", Phrase("{text} must be one line of plain text", text=shown(text)))
    return line


def _flag(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if value in ("true", "false"):
        return value == "true"
    refuse("SPF105", Phrase("{value} is neither true nor false", value=shown(value)), "write true or false")


def _date(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value
    hint = Phrase("write year-month-day, like 2025-01-20")
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        refuse("SPF105", Phrase("{value} is not a date", value=shown(value)), hint)
    try:
        return dt.date.fromisoformat(value.strip())
    except ValueError:
        refuse("SPF105", Phrase("{value} is not a day of the calendar", value=shown(value)), hint)


def _amount(value: Any) -> Any:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,7}(\.[0-9]{1,2})?", value.strip()):
        return Decimal(value.strip())
    refuse("SPF105", Phrase("{value} is not an amount in euros", value=shown(value)), "write it with a dot, like 5.48")


def _licence(value: Any) -> Any:
    word = value.strip().lower() if isinstance(value, str) else ""
    if word == "alias":
        hint = Phrase("write the address under 'aliases' of the mailbox that receives its messages")
        refuse("SPF301", "an alias has no mailbox of its own, and this one no target", hint)
    if word not in _LICENCES:
        refuse("SPF105", Phrase("{value} is not a licence", value=shown(value)), "write E1, E3 or shared")
    return _LICENCES[word]


def _postal_code(text: str) -> str:
    code = text.replace(" ", "")
    if not re.fullmatch(r"[0-9]{5}", code):
        refuse(
            "SPF105",
            Phrase("{text} is not a postal code", text=shown(text)),
            'write its five digits in quotes, like "01000"',
        )
    return code


def _web_address(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+\.[^\s]+", text):
        refuse(
            "SPF105",
            Phrase("{text} is not a web address", text=shown(text)),
            "write it whole, like https://www.spf55.org",
        )
    return text


def _code(text: str) -> str:
    code = text.strip().upper()
    if not re.fullmatch(r"[0-9A-Z][0-9A-Z-]{0,18}[0-9A-Z]", code):
        refuse(
            "SPF105",
            Phrase("{text} is not a department or region code", text=shown(text)),
            'write it in quotes, like "55" or "2A"',
        )
    return code


def _schema_version(value: Any) -> Any:
    if str(value) != "1":
        refuse(
            "SPF105",
            Phrase("{value} is not a version of this file's shape that this tool knows", value=shown(value)),
            "write 1",
        )
    return 1


def shown(value: Any) -> str:
    """A value in a message: quoted, short, with nothing that could disturb a terminal."""
    if not isinstance(value, str):
        return (
            Phrase("a list")
            if isinstance(value, list)
            else Phrase("a mapping")
            if isinstance(value, dict)
            else Phrase("nothing")
        )
    text = value if len(value) <= 60 else value[:59] + "…"
    return "'" + "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text) + "'"


Line = Annotated[str, AfterValidator(_line)]
# The loader reads every value as text, with or without quotes: an editor must let both stand.
Flag = Annotated[
    bool,
    BeforeValidator(_flag),
    WithJsonSchema(
        {
            "type": ["boolean", "string"],
            "enum": [True, False, "true", "false"],
            "patternErrorMessage": "True or false",
        }
    ),
]
Date = Annotated[
    dt.date,
    BeforeValidator(_date),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
            "patternErrorMessage": "A date, like 2025-01-20",
        }
    ),
]
Amount = Annotated[
    Decimal,
    BeforeValidator(_amount),
    WithJsonSchema(
        {
            "type": ["string", "number"],
            "minimum": 0,
            "pattern": r"^[0-9]{1,7}(\.[0-9]{1,2})?$",
            "patternErrorMessage": "An amount in euros, like 5.48",
        }
    ),
]
Licence = Annotated[
    Literal["E1", "E3", "shared"],
    BeforeValidator(_licence),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^([Ee][13]|[Ss][Hh][Aa][Rr][Ee][Dd]|[Pp][Aa][Rr][Tt][Aa][Gg][ÉéEe][Ee])$",
            "patternErrorMessage": "One of E1, E3, shared (Partagée)",
            "examples": ["E1", "E3", "shared", "Partagée"],
        }
    ),
]
PostalCode = Annotated[
    str,
    AfterValidator(_line),
    AfterValidator(_postal_code),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "pattern": "^[0-9]{2} ?[0-9]{3}$",
            "patternErrorMessage": 'Five digits, like "01000"',
            "minimum": 0,
            "maximum": 99999,
        }
    ),
]
WebAddress = Annotated[
    str,
    Field(max_length=1024),
    AfterValidator(_line),
    AfterValidator(_web_address),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^https?://[^ /]+[.][^ ]+$",
            "maxLength": 1024,
            "patternErrorMessage": "A whole web address, like https://www.spf55.org",
        }
    ),
]
Code = Annotated[
    str,
    AfterValidator(_code),
    WithJsonSchema(
        {
            "type": ["string", "integer"],
            "minimum": 0,
            "pattern": "^[0-9A-Za-z][0-9A-Za-z-]{0,18}[0-9A-Za-z]$",
            "patternErrorMessage": 'A code in quotes, like "55"',
            "examples": ["55", "2A", "971"],
        }
    ),
]
SchemaVersion = Annotated[
    int, BeforeValidator(_schema_version), WithJsonSchema({"enum": [1, "1"], "patternErrorMessage": "1"})
]
