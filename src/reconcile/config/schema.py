"""The JSON Schema of a federation file, for editors: as strict as the loader on keys, addresses and values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from reconcile.config.models import FederationFile

#: Where the modeline of the federation files looks for it.
COMMITTED = Path("schemas/federation.schema.json")


def federation_schema() -> str:
    """The schema as text, JSON Schema 2020-12, always the same for the same models."""
    schema = FederationFile.model_json_schema(schema_generator=_Generator, mode="validation")
    whole = {"$schema": _Generator.schema_dialect, **_tidied(schema)}
    whole["title"] = "A federation's mailboxes"
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


_NULL = {"type": "null"}


class _Generator(GenerateJsonSchema):
    """Pydantic's schema without the noise of titles on every property."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _tidied(node: Any) -> Any:
    """Close mappings keyed by address, allow an empty list or section, say null in the plainest way, drop noise."""
    if isinstance(node, list):
        return [_tidied(item) for item in node]
    if not isinstance(node, dict):
        return node
    tidy = {key: _tidied(value) for key, value in node.items() if not (key == "default" and value in (None, []))}
    if isinstance(tidy.get("description"), str):
        tidy["description"] = " ".join(tidy["description"].split())
    if "patternProperties" in tidy:
        # Without this an editor lets a mistyped address pass, with all that stands under it.
        tidy.pop("propertyNames", None)
        tidy["additionalProperties"] = False
    if tidy.get("type") == "array":
        tidy["type"] = ["array", "null"]
    if "$ref" in tidy and tidy.pop("default", None) is not None:
        tidy["anyOf"] = [{"$ref": tidy.pop("$ref")}, _NULL]
    match tidy.get("anyOf"):
        case [{"type": kinds, **rest}, {"type": "null"}]:
            # One test instead of two: an editor then shows the pattern's own message.
            del tidy["anyOf"]
            tidy |= {**rest, "type": [*([kinds] if isinstance(kinds, str) else kinds), "null"]}
            if "enum" in tidy:
                tidy["enum"] = [*tidy["enum"], None]
    return tidy
