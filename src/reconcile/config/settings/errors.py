"""What is wrong in reconcile.toml, said to the postmaster and not in pydantic's words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from reconcile.language.phrase import Phrase

_EXPECTED = {
    "missing": Phrase("it is missing"),
    "string_type": Phrase("a text in quotes is expected"),
    "string_too_short": Phrase("it is empty"),
    "tuple_type": Phrase("a list is expected, between [ and ]"),
    "too_short": Phrase("the list is empty"),
    "int_type": Phrase("a whole number is expected"),
    "int_parsing": Phrase("a whole number is expected"),
    "int_from_float": Phrase("a whole number is expected"),
    "bool_type": Phrase("true or false is expected"),
    "bool_parsing": Phrase("true or false is expected"),
    "model_type": Phrase("a table is expected"),
    "dict_type": Phrase("a table is expected"),
}
_SECRETS = ("secret", "password", "key")


def told(error: ValidationError, settings: type[BaseModel], written: Mapping[str, Any]) -> tuple[str, str]:
    """The first mistake, with its place and how many more there are, and a hint ("" when there is none)."""
    first, *others = sorted(error.errors(include_url=False), key=lambda one: one["type"] == "extra_forbidden")
    place = tuple(first["loc"])
    said = Phrase("{key}: {what}", key=".".join(map(str, place)), what=_what(first))
    if others:
        said = Phrase("{said} (and {number} more)", said=said, number=len(others))
    return Phrase("{said}.", said=said), _hint(first, settings, written)


def _what(error: ErrorDetails) -> str:
    bounds = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return Phrase("no such key is known")
        case "greater_than_equal":
            return Phrase("{input!r} is less than {ge}", input=error["input"], ge=bounds["ge"])
        case "less_than_equal":
            return Phrase("{input!r} is more than {le}", input=error["input"], le=bounds["le"])
        case "literal_error":
            return Phrase("{input!r} is not {expected}", input=error["input"], expected=bounds["expected"])
        case kind:
            return _EXPECTED.get(kind) or bounds.get("said") or error["msg"]


def _hint(error: ErrorDetails, settings: type[BaseModel], written: Mapping[str, Any]) -> str:
    """The key that was probably meant, or that is written in its place."""
    *above, key = map(str, error["loc"])
    known = _keys(settings, above)
    if error["type"] == "extra_forbidden":
        if any(word in key for word in _SECRETS):
            return Phrase("no secret is kept in this file: name a file that holds it, or set an environment variable")
        near = difflib.get_close_matches(key, known, 1)
        return (
            Phrase("did you mean {near}?", near=near[0])
            if near
            else Phrase("known here: {known}", known=", ".join(known))
        )
    if error["type"] == "missing":
        strangers = [one for one in _table(written, above) if one not in known]
        near = difflib.get_close_matches(key, strangers, 1)
        return Phrase("{near!r} is written instead", near=near[0]) if near else ""
    return ""


def _keys(model: type[BaseModel], above: Sequence[str]) -> list[str]:
    """The keys of the table at ``above``; a table of tables, such as [legacy.NAME], takes any name."""
    here: Any = model
    for part in above:
        if not _is_model(here):
            here = next((one for one in get_args(here) if _is_model(one)), None)  # dict[str, Table], Table | None
            continue
        field = here.model_fields.get(part)
        here = field.annotation if field else None
    if not _is_model(here):
        here = next((one for one in get_args(here) if _is_model(one)), None)
    return list(here.model_fields) if here else []


def _table(written: Mapping[str, Any], above: Sequence[str]) -> Mapping[str, Any]:
    here: Any = written
    for part in above:
        here = here.get(part) if isinstance(here, dict) else None
    return here if isinstance(here, dict) else {}


def _is_model(one: Any) -> bool:
    return isinstance(one, type) and issubclass(one, BaseModel)
