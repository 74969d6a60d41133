"""Every resource desired or recorded, compared three ways with the world. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from reconcile.config.inventory.logins import Logins
from reconcile.language.lists import apart
from reconcile.language.phrase import Phrase
from reconcile.planning.diff.closing import CLOSED, ENDS, REOPENED, STAYS
from reconcile.planning.diff.diff import diff, disown, recorded_as, retire
from reconcile.planning.diff.renames import declared_renames, handed_over, observed_renames
from reconcile.planning.diff.rollback import is_as_left, undoing
from reconcile.planning.guards.boundary import Boundary
from reconcile.planning.inputs import Inputs
from reconcile.planning.plan.plan import Action, Blocked, Change, Unrecorded
from reconcile.providers.base import Absent, Observed, Unknown
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Desired, Live, Reference, Value
from reconcile.state.snapshot.snapshot import Record


@dataclasses.dataclass(slots=True)
class Comparison:
    """What is to change, of what nothing may be decided, and what is as it should be.

    ``apart``: of each change of something described, what must not be done in the same run. ``unrecorded``: as it
    should be in the world, and not in the state.
    """

    changes: list[Change] = dataclasses.field(default_factory=list)
    blocked: dict[Address, Blocked] = dataclasses.field(default_factory=dict)
    unchanged: int = 0
    apart: dict[Address, Sequence[Address]] = dataclasses.field(default_factory=dict)
    unrecorded: list[Unrecorded] = dataclasses.field(default_factory=list)

    def block(self, address: Address, reason: str) -> None:
        self.blocked[address] = Blocked(address, reason)


def compare(inputs: Inputs, observed: Mapping[Address, Observed], now: dt.datetime) -> Comparison:
    """Compare ``inputs`` with what was observed at ``now``; what is described first, then what is only recorded."""
    comparison = Comparison()
    records = inputs.records
    moves = {**observed_renames(inputs.desired, records, observed), **declared_renames(inputs.desired, records)}
    _compare_described(inputs, observed, moves, comparison, now)
    described = {resource.address for resource in inputs.desired} | set(moves.values())
    left = {address: record for address, record in records.items() if address not in described}
    _compare_left_over(inputs, observed, left, comparison)
    return comparison


def _compare_described(
    inputs: Inputs,
    observed: Mapping[Address, Observed],
    moves: Mapping[Address, Address],
    comparison: Comparison,
    now: dt.datetime,
) -> None:
    records, inherited = inputs.records, handed_over(inputs.desired, inputs.records)
    resolve = _resolver(observed)
    for resource in inputs.desired:
        shown = observed[resource.address]
        if isinstance(shown, Unknown):
            comparison.block(resource.address, shown.reason)
            continue
        if held := inputs.held.get(resource.address):
            comparison.block(resource.address, held)
            continue
        if refused := _not_theirs(resource, inputs.logins):
            comparison.block(resource.address, refused)
            continue
        live = shown if isinstance(shown, Live) else None
        interrupted = resource.address in inputs.interrupted
        former = moves.get(resource.address)
        giver = inherited.get(resource.address)
        record = records.get(former or giver or resource.address)
        if record and live and (lost := inputs.forgotten.get(resource.address)) and is_as_left(live, record):
            comparison.block(resource.address, lost)
            continue
        if record and (undone := undoing(resource, live, record, inputs.put_back, now)):
            comparison.changes.append(undone)
            continue
        change = diff(resource, live, record, resolve, interrupted=interrupted)
        if change is not None and live is not None and (why := _beyond(change, live, inputs)):
            comparison.block(resource.address, why)
            continue
        if change is not None:
            comparison.apart[change.address] = resource.apart
            if former or giver:
                note = ""
                if former:
                    note = Phrase("was {former}", former=former.key)
                elif giver:
                    note = Phrase("was {federation}'s", federation=giver.federation)
                change = dataclasses.replace(change, moved_from=former, note=note)
            if isinstance(shown, Absent) and shown.note:
                change = dataclasses.replace(change, note=_both(change.note, shown.note))
            comparison.changes.append(change)
            continue
        comparison.unchanged += 1
        wanted = {
            name: resolve(value) if isinstance(value, Reference) else value for name, value in resource.fields.items()
        }
        if live is not None and (former or giver or not recorded_as(wanted, live, record)):
            comparison.unrecorded.append(Unrecorded(live, wanted, former))


def _compare_left_over(
    inputs: Inputs, observed: Mapping[Address, Observed], left: Mapping[Address, Record], comparison: Comparison
) -> None:
    """What is recorded and described no longer: it ends, or is let go."""
    in_use = {
        (resource.address.kind, shown.identity)
        for resource in inputs.desired
        if isinstance(shown := observed[resource.address], Live) and shown.identity
    }
    alive = {resource.address.federation for resource in inputs.desired}
    for address, record in left.items():
        if KINDS[address.kind].once:
            if address.federation not in alive:
                comparison.changes.append(disown(address, Phrase("its federation is described no longer")))
            elif address.kind == "closing":
                _reopen(address, observed[address], record, comparison)
            continue
        shown = observed[address]
        owner = inputs.owners.get(address.mail_domain, address.federation)
        if owner != address.federation and not KINDS[address.kind].local:
            comparison.changes.append(
                disown(address, Phrase("{owner} declares {domain} now", owner=owner, domain=address.mail_domain))
            )
        elif held := _held_back(address, inputs, comparison):
            comparison.block(address, held)
        elif address.federation in inputs.closed and address.kind in STAYS:
            comparison.changes.append(disown(address, CLOSED))
        elif isinstance(shown, Unknown):
            comparison.block(address, shown.reason)
        else:
            # An object that YAML describes under another address is never deleted under this one.
            ours_alone = isinstance(shown, Live) and (address.kind, shown.identity) not in in_use
            change = retire(address, shown if isinstance(shown, Live) and ours_alone else None, record)
            if address.federation in inputs.closed and address.kind in ENDS and change.action is Action.DELETE:
                change = dataclasses.replace(change, note=CLOSED)
            comparison.changes.append(change)


def _reopen(address: Address, shown: Observed, record: Record, comparison: Comparison) -> None:
    """What a closing found holds no longer once its copies go on: it is looked at anew when the file asks again."""
    if isinstance(shown, Unknown):
        comparison.block(address, shown.reason)
        return
    change = retire(address, shown if isinstance(shown, Live) else None, record)
    comparison.changes.append(dataclasses.replace(change, note=REOPENED))


def _held_back(address: Address, inputs: Inputs, comparison: Comparison) -> str:
    """Why something must not end yet, by itself or because its migration cannot be closed; "" when it may."""
    if why := inputs.held.get(address) or inputs.kept.get(address):
        return why
    if address.federation not in inputs.closed or address.kind not in ENDS | STAYS:
        return ""
    stopped = (why for one, why in comparison.blocked.items() if one[:2] == (address.federation, "closing"))
    return next((one.reason for one in stopped), "")


def _resolver(observed: Mapping[Address, Observed]) -> Callable[[Reference], Value]:
    def resolve(reference: Reference) -> Value:
        target = observed.get(reference.address)
        return target.referable.get(reference.output) if isinstance(target, Live) else None

    return resolve


def _not_theirs(resource: Desired, logins: Logins | None) -> str:
    """Why an old mailbox is not the federation's to have copied; "" when it is."""
    if logins is None:
        return ""
    federation, fields = resource.address.federation, resource.fields
    if resource.address.kind in ("copy", "copy_back"):
        ends = (str(fields.get(name) or "") for name in ("source", "login", "public_folder"))
        return logins.refusal(federation, *ends)
    if resource.address.kind == "lock":
        server, those = str(fields["host"]), fields["logins"]
        opened = those if isinstance(those, tuple) else ()
        return next(filter(None, (logins.refusal(federation, server, one) for one in opened)), "")
    return ""


def _beyond(change: Change, live: Live, inputs: Inputs) -> str:
    """Why no write to a mailbox can be made, by an address it has in the world; "" when one can."""
    if change.address.kind != "mailbox" or not inputs.owners:
        return ""
    primary, aliases = live.fields.get("primary"), live.fields.get("aliases")
    told = (change.address.key, primary, *(aliases if isinstance(aliases, tuple) else ()))
    names = [str(name) for name in told if name]
    boundary = Boundary(inputs.owners, inputs.logins.protected if inputs.logins else ())
    return boundary.outside(change, names)


def _both(one: str, other: str) -> str:
    return apart((one, other)) if one and other else one or other
