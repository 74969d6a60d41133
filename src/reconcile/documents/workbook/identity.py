"""What tells whose workbook a file is, whatever it was renamed to: custom properties, and the same in a hidden sheet.

Twice, because no program keeps both: a spreadsheet on the web drops the properties, another the hidden sheets.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

#: The version of the workbook's format.
FORMAT = "1"
_PREFIX = "reconcile_"


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """``federation``: its slug. ``version``: the how-many-th workbook it was sent, from 1. ``inventory``: when the old
    host was read, "" when it was not. ``rows``: the digest of what was asked (``rows.digest``). ``made``: the moment it
    was made. Everything is text: other types do not survive a change of format."""

    federation: str
    version: str
    inventory: str
    rows: str
    made: str
    format: str = FORMAT

    def properties(self) -> dict[str, str]:
        return {f"{_PREFIX}{key}": value for key, value in dataclasses.asdict(self).items()}


def identity(properties: Mapping[str, str]) -> Identity | None:
    """Whose workbook bears these properties; None when it is none of ours."""
    found = {
        field.name: str(properties.get(f"{_PREFIX}{field.name}", "")).strip() for field in dataclasses.fields(Identity)
    }
    return Identity(**found) if found["federation"] else None
