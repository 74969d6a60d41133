"""Three-way difference of one resource: desired against live says what must change, recorded says who moved. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconcile.language.phrase import Phrase
from reconcile.planning.plan.plan import EXISTS_ALREADY, Action, Cause, Change, FieldChange
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS, Field, FieldType
from reconcile.resources.resource import Desired, Live, Reference, Value
from reconcile.state.snapshot.snapshot import Record

#: Answers a reference from what is already there, or None when only the apply can tell.
Resolve = Callable[[Reference], Value]


def diff(
    desired: Desired, live: Live | None, record: Record | None, resolve: Resolve, *, interrupted: bool = False
) -> Change | None:
    """The change that makes ``live`` (None: absent) what ``desired`` asks; None when it already is.

    ``interrupted``: a run that never ended had begun to create it, so what exists is ours and only needs completing.
    """
    wanted = desired.fields
    if any(isinstance(value, Reference) for value in wanted.values()):
        wanted = {name: _resolved(value, resolve) for name, value in wanted.items()}
    differing = tuple(_differing(desired.address.kind, wanted, live, record))
    if live is None:
        action, note = Action.CREATE, Phrase("gone since we created it") if record else ""
    elif record is None and KINDS[desired.address.kind].adoptable:
        action = Action.ADOPT
        note = Phrase("begun by an interrupted run") if interrupted else EXISTS_ALREADY
    elif differing:
        action = Action.UPDATE
        note = EXISTS_ALREADY if record is None and KINDS[desired.address.kind].given else ""
    else:
        return None
    return Change(
        address=desired.address,
        action=action,
        cause=_cause(action, differing, record),
        before=live,
        wanted=wanted,
        fields=differing,
        after=desired.after,
        due=desired.due,
        origin=desired.origin,
        note=note,
        behind=desired.behind,
        spare=desired.spare,
    )


def retire(address: Address, live: Live | None, record: Record) -> Change:
    """The change for what we own and YAML no longer describes: delete it, or forget it when nothing of it is there."""
    if live is None:
        return disown(address, Phrase("no longer in YAML, nothing to take away"))
    protected = record.protected
    return Change(
        address, Action.DELETE, Cause.YAML, live, wanted={}, note=Phrase("no longer in YAML"), protected=protected
    )


def disown(address: Address, why: str) -> Change:
    """The change that drops a record and leaves the world as it is."""
    return Change(address, Action.FORGET, Cause.YAML, before=None, wanted={}, note=why)


def recorded_as(wanted: Mapping[str, Value], live: Live, record: Record | None) -> bool:
    """Whether the state already says of this live resource what YAML asks."""
    if record is None or record.identity != live.identity:
        return False
    return all(name in record.fields and record.fields[name] == value for name, value in wanted.items())


def differs(field: Field, live: Value, wanted: Value) -> bool:
    """Whether a live value is not what is wanted, by the field's own notion of sameness."""
    if field.type is FieldType.SCALAR:
        return (live or None) != (wanted or None)  # "" and null both mean unset; the tenant mixes them
    have, want = set(_items(live)), set(_items(wanted))
    return not want <= have if field.type is FieldType.SHARED_SET else want != have


def _differing(
    kind: str, wanted: Mapping[str, Value | Reference], live: Live | None, record: Record | None
) -> list[FieldChange]:
    if live is None:  # all of it is to be made, for one reason
        cause = Cause.DRIFT if record else Cause.YAML
        return [FieldChange(name, None, value, cause) for name, value in wanted.items()]
    changes = []
    for name, value in wanted.items():
        field = KINDS[kind].fields[name]
        if field.write_only and (record is None or name not in record.fields):
            continue  # nobody knows what it is; what YAML asks is recorded, and compared from then on
        if field.ours or field.write_only:
            before = record.fields.get(name) if record else None
        else:
            before = live.fields.get(name)
        if isinstance(value, Reference) or differs(field, before, value):
            changes.append(FieldChange(name, before, value, _who_moved(field, before, value, record)))
    return changes


def _who_moved(field: Field, live: Value, wanted: Value | Reference, record: Record | None) -> Cause:
    if record is None or field.name not in record.fields or isinstance(wanted, Reference):
        return Cause.YAML
    if field.ours:
        return Cause.YAML  # the world cannot move what it does not know
    recorded = record.fields[field.name]
    world_moved, yaml_moved = differs(field, live, recorded), differs(field, recorded, wanted)
    if field.type is FieldType.SHARED_SET:
        yaml_moved = set(_items(recorded)) != set(_items(wanted))
    if world_moved and not yaml_moved:
        return Cause.DRIFT
    return Cause.BOTH if world_moved else Cause.YAML


def _cause(action: Action, fields: tuple[FieldChange, ...], record: Record | None) -> Cause:
    if action is Action.CREATE:
        return Cause.DRIFT if record else Cause.YAML
    causes = {field.cause for field in fields}
    if causes == {Cause.DRIFT}:
        return Cause.DRIFT
    return Cause.YAML if causes <= {Cause.YAML} else Cause.BOTH


def _resolved(value: Value | Reference, resolve: Resolve) -> Value | Reference:
    if not isinstance(value, Reference):
        return value
    known = resolve(value)
    return value if known is None else known


def _items(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()
