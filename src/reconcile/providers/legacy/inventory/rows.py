"""From a named row (a database's, a command's) to what it says of an address."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reconcile.config.inventory.inventory import KINDS, Kind
from reconcile.providers.legacy.inventory.contract import Found, clean_address, clean_count, clean_day, clean_text


def found_in(row: Mapping[str, object], kind: Kind | None = None) -> Found | None:
    """What the row says; ``kind``: what it is unless the row says otherwise. None when it names neither an address nor
    a login."""
    address, login = clean_address(row.get("address")), clean_text(row.get("login"))
    if not (address or (login and "address" not in row)):
        return None
    said = row.get("kind")
    filters = row.get("filters")
    vacation = row.get("vacation")
    return Found(
        address=address,
        kind=next((one for one in KINDS if one == said), kind),
        login=login or None,
        targets=targets_of(row.get("targets")),
        size=clean_count(row.get("size")),
        messages=clean_count(row.get("messages")),
        last_used=clean_day(row.get("last_used")),
        filters=None if filters is None else targets_of(filters),
        vacation=None if vacation is None else str(vacation).lower() in ("1", "true", "t", "y", "yes"),
    )


def targets_of(value: object) -> tuple[str, ...]:
    """Names in a list, or in one text between commas or blanks, as Postfix has them; addresses in lower case."""
    parts = value if isinstance(value, list | tuple) else re.split(r"[,\s]+", value) if isinstance(value, str) else []
    names = (clean_text(part) for part in parts)
    return tuple(name.lower() if "@" in name else name for name in names if name)
