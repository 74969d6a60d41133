"""How Exchange writes sizes, and the companions that tell a reader what a property is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

MEGABYTE = 1024**2
GIGABYTE = 1024**3

_UNITS = {"B": 1, "KB": 1024, "MB": MEGABYTE, "GB": GIGABYTE, "TB": 1024**4}


def size_text(size: int) -> str:
    """``50 GB (53,687,091,200 bytes)``."""
    unit = next(name for name in reversed(_UNITS) if size >= _UNITS[name] or name == "B")
    return f"{size / _UNITS[unit]:.4g} {unit} ({size:,} bytes)"


def size_of(text: str | int) -> str | None:
    """A size as it was typed (``150MB``) in the form it is shown; None when it is none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?B)?(?:\s*\(([\d,]+) bytes\))?", str(text), re.IGNORECASE)
    return size_text(int(float(found[1]) * _UNITS[(found[2] or "B").upper()])) if found else None


def encoded(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the companions that tell a reader what each list, GUID and date is."""
    return [_with_companions(row) for row in rows]


def _with_companions(row: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, list):
            result[f"{name}@odata.type"] = "#Collection(String)"
        elif name.endswith("Guid") or name == "ExchangeObjectId":
            result[f"{name}@data.type"] = "System.Guid"
            result[f"{name}@odata.type"] = "#Guid"
        elif name.startswith("When") and value:
            result[f"{name}@data.type"] = "System.DateTime"
        result[name] = value
    return result
