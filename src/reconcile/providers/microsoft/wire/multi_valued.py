"""How a cmdlet is told to change one list of an object, and leave the rest of it alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def edited(add: Iterable[str] = (), remove: Iterable[str] = ()) -> Mapping[str, object]:
    """Additions to and removals from a multi-valued parameter, leaving the rest of it alone."""
    table: dict[str, object] = {"@odata.type": "#Exchange.GenericHashTable"}
    if added := list(add):
        table["Add"] = added
    if removed := list(remove):
        table["Remove"] = removed
    return table
