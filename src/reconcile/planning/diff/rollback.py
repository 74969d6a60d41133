"""A rollback: the date was moved after the lock, so that what was done for the switch is undone, in an order that loses
nothing. Pure.

The old host delivers again, then its users are let in, then the MX leads there, then the tenant passes on what it does
not know, then what arrived meanwhile is brought back. The other way round, mail would bounce at once.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from reconcile.language.phrase import Phrase
from reconcile.planning.diff.diff import disown, retire
from reconcile.planning.plan.plan import Action, Cause, Change, FieldChange
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.mail_records import farewell_to
from reconcile.resources.resource import Desired, Live, Value
from reconcile.state.snapshot.snapshot import Record

#: The note of a change that takes back what is there and wanted, for its moment is to come again.
UNDONE = Phrase("its date was moved: undone until then")

#: The turns of a rollback: kinds whose undoing, or whose change, comes with each.
_TURNS = (("handover",), ("lock",), ("dns",), ("mail_flow", "connector"), ("copy_back",))


def undoing(
    resource: Desired, live: Live | None, record: Record, put_back: Mapping[Address, tuple[str, ...]], now: dt.datetime
) -> Change | None:
    """The change that takes back what is ours of a resource before its moment; None when there is nothing to undo.

    ``put_back``: what DNS records were before us. One that is not as we left it is somebody else's by now, and stays.
    The old host's include in SPF comes back beside whatever the record says by then. What a run that was killed had
    taken back already is recorded no more.
    """
    if resource.due is None or resource.due <= now:
        return None
    if live is None:
        gone = KINDS[resource.address.kind].timely
        return dataclasses.replace(disown(resource.address, UNDONE), origin=resource.origin) if gone else None
    if KINDS[resource.address.kind].timely:
        return dataclasses.replace(retire(resource.address, live, record), note=UNDONE, origin=resource.origin)
    before = put_back.get(resource.address)
    if before is not None and farewell_to(resource.address):
        return _updated(resource, live, "gone", False) if live.fields.get("gone") is True else None
    if before is None or not is_as_left(live, record):
        return None
    if not before:
        return dataclasses.replace(retire(resource.address, live, record), note=UNDONE, origin=resource.origin)
    if set(before) == set(_texts(live.fields.get("values"))):
        return None
    return _updated(resource, live, "values", before)


def _updated(resource: Desired, live: Live, field: str, value: Value) -> Change:
    moved = FieldChange(field, live.fields.get(field), value, Cause.YAML)
    return Change(
        resource.address, Action.UPDATE, Cause.YAML, live, {field: value}, (moved,), origin=resource.origin, note=UNDONE
    )


def is_as_left(live: Live, record: Record) -> bool:
    """Whether a DNS record says what we wrote."""
    return live.fields.get("values") == record.fields.get("values")


def undone_first(changes: Iterable[Change]) -> Mapping[Address, Sequence[Address]]:
    """What each change of a federation that is rolled back waits for: all of the turns before its own."""
    turns: dict[str, list[list[Address]]] = {}
    for change in changes:
        turn = next((place for place, kinds in enumerate(_TURNS) if change.address.kind in kinds), None)
        if turn is None or not _belongs(change):
            continue
        turns.setdefault(change.address.federation, [[] for _ in _TURNS])[turn].append(change.address)
    found: dict[Address, Sequence[Address]] = {}
    for of_one in turns.values():
        earlier: list[Address] = []
        for addresses in of_one:
            found |= {address: tuple(earlier) for address in addresses if earlier}
            earlier += addresses
    return found


def _belongs(change: Change) -> bool:
    """Whether it is part of the way back: an undoing, or what the tenant and the copies are to do at once."""
    if change.note == UNDONE:
        return True
    return change.due is None and (
        (change.address.kind == "mail_flow" and change.wanted.get("type") == "InternalRelay")
        or (change.address.kind == "copy_back" and change.action is Action.CREATE)
    )


def _texts(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
