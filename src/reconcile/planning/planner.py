"""Make a plan: observe in bulk, compare three ways, order, and say what cannot be told.

Handed readers only: nothing here can write.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence

from reconcile.config.inventory.logins import Logins
from reconcile.planning.diff.closing import CLOSED, ENDS, STAYS
from reconcile.planning.diff.diff import diff, disown, recorded_as, retire
from reconcile.planning.diff.renames import declared_renames, handed_over, observed_renames
from reconcile.planning.diff.rollback import undoing
from reconcile.planning.guards.boundary import Boundary
from reconcile.planning.guards.staleness import LIFETIME
from reconcile.planning.order.behind import one_too_many, spared
from reconcile.planning.order.order import ordered
from reconcile.planning.order.seats import allocate
from reconcile.planning.plan.plan import Action, Basis, Blocked, Change, Plan, Unrecorded
from reconcile.planning.splits import latecomers, splits
from reconcile.providers.base import Absent, Observation, Observed, Reader, Scope, Unknown, Wanted
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Desired, Live, Reference, Value
from reconcile.state.snapshot.snapshot import Record, Snapshot


@dataclasses.dataclass(frozen=True, slots=True)
class Inputs:
    """What a plan is made from.

    ``snapshots``: the recorded state of each federation concerned. ``interrupted``: addresses whose creation began in
    a run that never ended. ``domains``: every mail domain these federations declare → slug; ``owners``: every one that
    any file declares. ``basis``: one entry per federation. ``logins``: whose old mailboxes each may have
    copied; None leaves it to the last check before a write. ``put_back``: of each DNS record that we changed for a
    switch whose moment is to come again, the values it had before; () for one that was not there. ``closed``: slugs of
    migrations that are over.
    """

    desired: Sequence[Desired]
    snapshots: Mapping[str, Snapshot]
    interrupted: Collection[Address]
    domains: Mapping[str, str]
    basis: Mapping[str, Basis]
    partial: bool
    owners: Mapping[str, str] = dataclasses.field(default_factory=dict)
    logins: Logins | None = None
    put_back: Mapping[Address, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    closed: Collection[str] = ()

    @property
    def addresses(self) -> Collection[Address]:
        """Everything described or recorded."""
        return {resource.address for resource in self.desired} | set(self.records)

    @property
    def records(self) -> dict[Address, Record]:
        """Everything recorded, of all the federations."""
        return {address: record for one in self.snapshots.values() for address, record in one.records.items()}


def make_plan(inputs: Inputs, readers: Mapping[str, Reader], now: dt.datetime, tool: str) -> Plan:
    """Compare ``inputs`` with the world as ``readers`` (by provider name) show it at ``now``."""
    records = inputs.records
    observation = observe(inputs, readers)
    observed = observation.observed

    def resolve(reference: Reference) -> Value:
        target = observed.get(reference.address)
        return target.referable.get(reference.output) if isinstance(target, Live) else None

    changes: list[Change] = []
    blocked: dict[Address, Blocked] = {}
    unchanged = 0
    apart: dict[Address, Sequence[Address]] = {}
    unrecorded: list[Unrecorded] = []
    moves = {**observed_renames(inputs.desired, records, observed), **declared_renames(inputs.desired, records)}
    inherited = handed_over(inputs.desired, records)
    for resource in inputs.desired:
        shown = observed[resource.address]
        if isinstance(shown, Unknown):
            blocked[resource.address] = Blocked(resource.address, shown.reason)
            continue
        if refused := _not_theirs(resource, inputs.logins):
            blocked[resource.address] = Blocked(resource.address, refused)
            continue
        live = shown if isinstance(shown, Live) else None
        interrupted = resource.address in inputs.interrupted
        former = moves.get(resource.address)
        giver = inherited.get(resource.address)
        record = records.get(former or giver or resource.address)
        if record and live and (undone := undoing(resource, live, record, inputs.put_back, now)):
            changes.append(undone)
            continue
        change = diff(resource, live, record, resolve, interrupted=interrupted)
        if change is not None and live is not None and (why := _beyond(change, live, inputs)):
            blocked[resource.address] = Blocked(resource.address, why)
            continue
        if change is not None:
            apart[change.address] = resource.apart
            if former or giver:
                note = f"was {former.key}" if former else f"was {giver.federation}'s" if giver else ""
                change = dataclasses.replace(change, moved_from=former, note=note)
            if isinstance(shown, Absent) and shown.note:
                change = dataclasses.replace(change, note="; ".join(filter(None, (change.note, shown.note))))
            changes.append(change)
            continue
        unchanged += 1
        wanted = {
            name: resolve(value) if isinstance(value, Reference) else value for name, value in resource.fields.items()
        }
        if live is not None and (former or giver or not recorded_as(wanted, live, record)):
            unrecorded.append(Unrecorded(live, wanted, former))
    described = {resource.address for resource in inputs.desired} | set(moves.values())
    in_use = {
        (resource.address.kind, shown.identity)
        for resource in inputs.desired
        if isinstance(shown := observed[resource.address], Live) and shown.identity
    }
    alive = {resource.address.federation for resource in inputs.desired}
    for address, record in records.items():
        if address in described:
            continue
        if KINDS[address.kind].once:
            if address.federation not in alive:
                changes.append(disown(address, "its federation is described no longer"))
            continue
        shown = observed[address]
        owner = inputs.owners.get(address.mail_domain, address.federation)
        if owner != address.federation and not KINDS[address.kind].local:
            changes.append(disown(address, f"{owner} declares {address.mail_domain} now"))
        elif address.federation in inputs.closed and address.kind in STAYS:
            changes.append(disown(address, CLOSED))
        elif isinstance(shown, Unknown):
            blocked[address] = Blocked(address, shown.reason)
        else:
            # An object that YAML describes under another address is never deleted under this one.
            ours_alone = isinstance(shown, Live) and (address.kind, shown.identity) not in in_use
            change = retire(address, shown if isinstance(shown, Live) and ours_alone else None, record)
            if address.federation in inputs.closed and address.kind in ENDS and change.action is Action.DELETE:
                change = dataclasses.replace(change, note=CLOSED)
            changes.append(change)

    allowed, blocked = _block_dependants(changes, blocked)
    allowed = _kept_apart([spared(change, blocked) for change in allowed], apart, now + LIFETIME)
    seats = allocate(allowed, observation.seats)
    open_ = {change.address for change in allowed} | set(blocked)
    return Plan(
        created=now,
        expires=now + LIFETIME,
        tool=tool,
        basis=inputs.basis,
        changes=ordered(allowed, seats.waits),
        blocked=tuple(sorted(blocked.values(), key=lambda one: one.address)),
        unchanged=unchanged,
        unmanaged=tuple(sorted(observation.unmanaged)),
        outputs=_outputs_used(allowed, observed),
        partial=inputs.partial,
        seats=seats.counts,
        unrecorded=tuple(unrecorded),
        splits=tuple(splits(inputs.desired, records, observed, open_, now)),
        late=tuple(latecomers(inputs.desired, records, observed, open_, now)),
        findings=tuple(sorted(observation.findings, key=lambda one: (one.federation, one.domain))),
    )


def observe(inputs: Inputs, readers: Mapping[str, Reader]) -> Observation:
    """Ask every provider at once about everything desired or recorded; one answer each."""
    records = inputs.records
    moves = declared_renames(inputs.desired, records)
    known_as = {**handed_over(inputs.desired, records), **moves}
    wanted: dict[str, list[Wanted]] = {name: [] for name in readers}
    for resource in inputs.desired:
        record = records.get(known_as.get(resource.address, resource.address))
        question = Wanted(
            resource.address,
            resource,
            record.identity if record else "",
            record.fields if record else {},
        )
        wanted[KINDS[resource.address.kind].provider].append(question)
    described = {resource.address for resource in inputs.desired} | set(moves.values())
    for address, record in records.items():
        if address not in described:
            question = Wanted(address, None, record.identity, record.fields)
            wanted[KINDS[address.kind].provider].append(question)

    names = [name for name in readers if wanted[name]]
    reading: dict[str, concurrent.futures.Future[Observation]] = {
        name: concurrent.futures.Future[Observation]() for name in names
    }

    def resolve(reference: Reference) -> Value:
        there = reading.get(KINDS[reference.address.kind].provider)
        shown = there.result().observed.get(reference.address) if there else None
        return shown.outputs.get(reference.output) if isinstance(shown, Live) else None

    def ask(name: str) -> Observation:
        try:
            answer = readers[name].observe(Scope(wanted[name], inputs.domains, resolve))
        except BaseException as error:
            reading[name].set_exception(error)  # whoever waits for it must not wait for ever
            raise
        reading[name].set_result(answer)
        return answer

    with concurrent.futures.ThreadPoolExecutor(max_workers=len(readers)) as pool:
        answers = list(pool.map(ask, names))
    observed: dict[Address, Observed] = {}
    for answer in answers:
        observed.update(answer.observed)
    for questions in wanted.values():
        for question in questions:
            # A reader that forgot one has not seen it: that is unknown, never absent.
            observed.setdefault(question.address, Unknown("the provider gave no answer about it"))
    unmanaged = tuple(address for answer in answers for address in answer.unmanaged)
    seats = next((answer.seats for answer in answers if answer.seats), None)
    findings = tuple(finding for answer in answers for finding in answer.findings)
    return Observation(observed, unmanaged, seats, findings)


def _not_theirs(resource: Desired, logins: Logins | None) -> str:
    """Why an old mailbox is not the federation's to have copied; "" when it is."""
    if logins is None:
        return ""
    if resource.address.kind in ("copy", "copy_back"):
        server, opened = resource.fields["source"], [str(resource.fields["login"])]
    elif resource.address.kind == "lock":
        server, those = resource.fields["host"], resource.fields["logins"]
        opened = list(those) if isinstance(those, tuple) else []
    else:
        return ""
    return next(filter(None, (logins.refusal(resource.address.federation, str(server), one) for one in opened)), "")


def _beyond(change: Change, live: Live, inputs: Inputs) -> str:
    """Why no write to a mailbox can be made, by an address it has in the world; "" when one can."""
    if change.address.kind != "mailbox" or not inputs.owners:
        return ""
    primary, aliases = live.fields.get("primary"), live.fields.get("aliases")
    told = (change.address.key, primary, *(aliases if isinstance(aliases, tuple) else ()))
    names = [str(name) for name in told if name]
    boundary = Boundary(inputs.owners, inputs.logins.protected if inputs.logins else ())
    return boundary.outside(change, names)


def _block_dependants(
    changes: Iterable[Change], blocked: Mapping[Address, Blocked]
) -> tuple[list[Change], dict[Address, Blocked]]:
    """Set aside every change that depends, directly or not, on a resource about which nothing is known."""
    stopped = dict(blocked)
    waiting = list(changes)
    while True:
        kept = []
        for change in waiting:
            culprit = next((address for address in change.after if address in stopped), None)
            culprit = culprit or one_too_many(change, stopped)
            if culprit is None:
                kept.append(change)
            else:
                root = stopped[culprit].because or culprit
                stopped[change.address] = Blocked(change.address, stopped[root].reason, because=root)
        if len(kept) == len(waiting):
            return kept, stopped
        waiting = kept


def _kept_apart(
    changes: Sequence[Change], apart: Mapping[Address, Sequence[Address]], expires: dt.datetime
) -> list[Change]:
    """The changes, those that must not share a run with another put off until this plan has expired."""
    present = {change.address for change in changes}
    result = []
    for change in changes:
        other = next((address for address in apart.get(change.address, ()) if address in present), None)
        if other is None or change.due is None or change.due >= expires:
            result.append(change)
        else:
            result.append(dataclasses.replace(change, due=expires, note=f"never in the same apply as {other.key}"))
    return result


def _outputs_used(
    changes: Iterable[Change], observed: Mapping[Address, Observed]
) -> dict[Address, Mapping[str, Value]]:
    outputs: dict[Address, Mapping[str, Value]] = {}
    for change in changes:
        for value in change.wanted.values():
            if isinstance(value, Reference):
                shown = observed.get(value.address)
                if isinstance(shown, Live) and shown.referable:
                    outputs[value.address] = shown.referable
    return outputs
