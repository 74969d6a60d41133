"""A type of Graph's: what can be selected, what is shown unasked, what may be written."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from reconcile.sandbox.tenant.graph.refusal import GraphRefusal, bad_request, denied


@dataclasses.dataclass(frozen=True, slots=True)
class Entity:
    """A type: every property that can be selected, those shown unasked (all when empty), and the writable ones."""

    name: str
    properties: frozenset[str]
    lists: frozenset[str]
    shown: tuple[str, ...]
    writable: Mapping[str, object]

    def render(self, values: Mapping[str, Any], select: str | None) -> dict[str, Any]:
        """The object as it is answered. Raises GraphRefusal for an unknown property in ``select``."""
        names = self.selected(select) or self.shown or tuple(sorted(self.properties))
        rendered = {"id": values["id"]} if "id" in self.properties else {}
        for name in names:
            value = values.get(name)
            rendered[name] = [] if value is None and name in self.lists else value
        return rendered

    def selected(self, select: str | None) -> tuple[str, ...]:
        if not select:
            return ()
        names = tuple(name.strip() for name in select.split(","))
        for name in names:
            if name not in self.properties:
                raise GraphRefusal(
                    400,
                    "BadRequest",
                    f"Parsing OData Select and Expand failed: Could not find a property named "
                    f"'{name}' on type 'microsoft.graph.{self.name}'.",
                )
        return names

    def check(self, body: object) -> dict[str, Any]:
        """The body, every property known, writable and of its type. Raises GraphRefusal."""
        if not isinstance(body, dict):
            raise bad_request("Unable to read JSON request payload.")
        for name, value in body.items():
            if name.startswith("@"):
                continue
            if name not in self.properties and name not in self.writable:
                raise bad_request(f"Invalid property '{name}'.")
            if name == "proxyAddresses":
                raise denied()
            if name not in self.writable:
                raise bad_request(f"Property '{name}' is read-only and cannot be set.")
            if value is not None and not _fits(value, self.writable[name]):
                raise bad_request(f"Invalid value specified for property '{name}' of resource '{self.name.title()}'.")
        return {name: value for name, value in body.items() if not name.startswith("@")}


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def _fits(value: object, kind: object) -> bool:
    """Whether a value is of a kind: a number is the longest text, a tuple its choices, a mapping a record, a list its
    items' kind, a type itself."""
    if isinstance(kind, int):
        return isinstance(value, str) and len(value) <= kind
    if isinstance(kind, tuple):
        return isinstance(value, str) and value in kind
    if isinstance(kind, list):
        return isinstance(value, list) and all(_fits(item, kind[0]) for item in value)
    if isinstance(kind, Mapping):
        return isinstance(value, dict) and all(
            name in kind and (inner is None or _fits(inner, kind[name]))
            for name, inner in value.items()
            if not name.startswith("@")
        )
    if kind is dt.datetime:
        return isinstance(value, str) and _MOMENT.fullmatch(value) is not None
    return isinstance(value, bool) if kind is bool else isinstance(value, int) and not isinstance(value, bool)
