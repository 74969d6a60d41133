"""The JSON Schema of a federation file, for editors: as strict as the loader on keys, addresses and values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reconcile.config.federation.models import FederationFile
from reconcile.config.schema.documented import Documented

#: Where the modeline of the federation files looks for it.
COMMITTED = Path("schemas/federation.schema.json")


def federation_schema() -> str:
    """The schema as text, JSON Schema 2020-12, always the same for the same models."""
    schema = FederationFile.model_json_schema(schema_generator=_Untitled, mode="validation")
    others: dict[str, dict[str, Any]] = {}
    whole = {"$schema": _Untitled.schema_dialect, **_tidied(schema, others)}
    for name, other in others.items():
        section = whole["$defs"][name]
        whole["$defs"][name] = {**section, **other, "type": ["object", other["type"]]}
    whole["title"] = "A federation's mailboxes"
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


class _Untitled(Documented):
    """Without a title on every property."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


#: What says which texts are allowed.
_SHAPED = frozenset({"pattern", "enum", "const", "format"})


def _tidied(node: Any, others: dict[str, dict[str, Any]]) -> Any:
    """Close mappings keyed by address, allow empty lists, drop defaults that say nothing, undo unions.

    An editor shows a mistake inside a union as "matches none of the alternatives", at the union's beginning. A schema
    with two types has no such fault: pattern is for the text, properties are for the mapping. ``others`` gathers what
    a section may be instead of a mapping: null, or an address.
    """
    if isinstance(node, list):
        return [_tidied(item, others) for item in node]
    if not isinstance(node, dict):
        return node
    tidy = {key: _tidied(value, others) for key, value in node.items()}
    if isinstance(tidy.get("description"), str):
        tidy["description"] = " ".join(tidy["description"].split())
    if "patternProperties" in tidy:
        # Without this an editor lets a mistyped address pass, with all that stands under it.
        tidy.pop("propertyNames", None)
        tidy["additionalProperties"] = False
    if tidy.get("type") == "string" and not _SHAPED & tidy.keys():
        tidy["type"] = ["string", "number"]  # a phone or a name made of digits, without quotes
    if tidy.get("type") == "array":
        tidy["type"] = ["array", "null"]
    match tidy.get("anyOf"):
        case [{"$ref": section}, other] | [other, {"$ref": section}]:
            del tidy["anyOf"]
            tidy["$ref"] = section
            others[section.rpartition("/")[2]] = other
        case [{"type": kinds, **rest}, {"type": "null"}]:
            del tidy["anyOf"]
            tidy |= {**rest, "type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]}
            if "enum" in tidy:
                tidy["enum"] = [*tidy["enum"], None]
    if "$ref" in tidy and "default" in tidy:
        others.setdefault(tidy["$ref"].rpartition("/")[2], {"type": "null"})
    if tidy.get("default", False) in (None, []) or isinstance(tidy.get("default"), dict):
        del tidy["default"]
    return tidy
