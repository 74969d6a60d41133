"""Every key of a federation file and of reconcile.toml as one Markdown page, out of the models that read them. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from reconcile.config.federation.models import FederationFile
from reconcile.config.schema.documented import Documented
from reconcile.config.schema.examples import EXAMPLES
from reconcile.config.settings.settings import Settings

#: Where the page is kept.
COMMITTED = Path("docs/reference.md")

_HEAD = """\
# Reference: every key

Written by `reconcile schema --reference -o docs/reference.md` from the models that read the files; CI refuses a page
that lags. What the files mean together is in [rules.md](rules.md), what each word means in [glossary.md](glossary.md).
"""
_LETTERS = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}


def reference_page() -> str:
    """The page, always the same for the same models. Raises KeyError for a key without description or example."""
    parts = [_HEAD]
    for title, model in (("A federation file", FederationFile), ("reconcile.toml", Settings)):
        parts.append(f"\n## {title}\n")
        parts += _sections(model)
    return "\n".join(parts) + "\n"


def _sections(model: type[BaseModel]) -> Iterator[str]:
    """The tables of one file: its top level first, then each section where it is first named."""
    schema = model.model_json_schema(by_alias=True, schema_generator=Documented)
    definitions: dict[str, Any] = schema.get("$defs", {})
    waiting: list[tuple[str, str, Mapping[str, Any]]] = [(model.__name__, "", schema)]
    shown = {model.__name__}
    while waiting:
        name, path, section = waiting.pop(0)
        rows = ["| key | type | default | example | meaning |", "|---|---|---|---|---|"]
        for key, field in section.get("properties", {}).items():
            rows.append(_row(name, key, _described(field, definitions), key in section.get("required", ())))
            for below, nested in _below(field):
                if below not in shown:
                    shown.add(below)
                    waiting.append((below, f"{path}{key}{nested}", definitions[below]))
        if path:
            yield f"\n### `{path.rstrip('.')}`\n"
            yield " ".join(str(section.get("description", "")).split()) + "\n" if section.get("description") else ""
        yield "\n".join(rows)


def _described(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    """The field, with the description of the section it holds when it has none of its own."""
    below = next(_below(field), None)
    return field if below is None else {**_only_description(definitions[below[0]]), **field}


def _only_description(section: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"description": section["description"]} if "description" in section else {}


def _row(section: str, key: str, field: Mapping[str, Any], required: bool) -> str:
    meaning = " ".join(str(field["description"]).split())
    example = EXAMPLES.get(f"{section}.{key}")
    if example is None and next(_below(field), None) is None:
        example = _written(field["default"])
    default = "**required**" if required else _default(field)
    cells = (f"`{key}`", _type(field), default, f"`{example}`" if example else "see below", meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(field: Mapping[str, Any]) -> str:
    value = field.get("default")
    if value is None or value in ("", [], {}) or isinstance(value, dict):
        return "–"
    return f"`{_written(value)}`"


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _type(field: Mapping[str, Any]) -> str:
    """What may stand there, for a reader: its letters, its bounds, or the words allowed."""
    if hint := field.get("patternErrorMessage"):
        return str(hint)[0].lower() + str(hint)[1:]
    if "enum" in field:
        return ", ".join(f"`{word}`" for word in field["enum"])
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "anyOf" in field:
        kinds = [_type(one) for one in field["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "allOf" in field:
        return _type(field["allOf"][0])
    if "$ref" in field:
        return "section"
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}))}"
    if field.get("type") == "object":
        return "table by name"
    letters = _LETTERS.get(str(field.get("type")), "text")
    least, most = field.get("minimum"), field.get("maximum")
    if least is not None or most is not None:
        letters += f", {least}–{most}" if most is not None else f", {least} at least"
    return letters


def _below(field: Mapping[str, Any], nested: str = ".") -> Iterator[tuple[str, str]]:
    """The sections that a key holds, each with how its path goes on: a list, a table of tables, or itself."""
    if "$ref" in field:
        yield str(field["$ref"]).rpartition("/")[2], nested
    for one in (*field.get("anyOf", ()), *field.get("allOf", ())):
        yield from _below(one, nested)
    if isinstance(items := field.get("items"), dict):
        yield from _below(items, "[].")
    for one in (field.get("additionalProperties"), *field.get("patternProperties", {}).values()):
        if isinstance(one, dict):
            yield from _below(one, ".NAME.")
