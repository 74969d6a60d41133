"""What the journals of a day say of its length."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any


def lines(journals: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for journal in journals:
        yield from map(json.loads, journal.read_text(encoding="utf-8").splitlines())


def ended(
    journals: Sequence[Path], kind: str, ending: str = "", before: dt.datetime | None = None
) -> dict[str, dt.datetime]:
    """Federation → when the last change of that kind was done, of those whose key ends so; each kind ends once."""
    found: dict[str, dt.datetime] = {}
    for line in lines(journals):
        if line["event"] != "outcome" or line["result"] != "done":
            continue
        slug, of, key = line["address"].split("/", 2)
        at = dt.datetime.fromisoformat(line["at"])
        if of == kind and key.endswith(ending) and (before is None or at < before):
            found[slug] = at
    return found
