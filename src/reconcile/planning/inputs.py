"""What a plan is made from: what is desired, what is recorded, and whose it is."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from reconcile.config.inventory.logins import Logins
from reconcile.planning.plan.plan import Basis
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired
from reconcile.state.snapshot.snapshot import Record, Snapshot


@dataclasses.dataclass(frozen=True, slots=True)
class Inputs:
    """What a plan is made from.

    ``snapshots``: the recorded state of each federation concerned. ``interrupted``: addresses whose creation began in
    a run that never ended. ``domains``: every mail domain these federations declare → slug; ``owners``: every one that
    any file declares. ``basis``: one entry per federation. ``logins``: whose old mailboxes each may have
    copied; None leaves it to the last check before a write. ``put_back``: of each DNS record that we changed for a
    switch whose moment is to come again, the values it had before; () for one that was not there. ``forgotten``: those
    of which nobody knows that any more, and why. ``held``: what nothing may be done to yet, and why; ``kept``: what
    must not end yet, though nothing describes it any more, and why. ``closed``: slugs of migrations that are over.
    ``whole``: all of these federations is there, and not what some targets name alone.
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
    forgotten: Mapping[Address, str] = dataclasses.field(default_factory=dict)
    held: Mapping[Address, str] = dataclasses.field(default_factory=dict)
    kept: Mapping[Address, str] = dataclasses.field(default_factory=dict)
    closed: Collection[str] = ()
    whole: bool = True

    @property
    def addresses(self) -> Collection[Address]:
        """Everything described or recorded."""
        return {resource.address for resource in self.desired} | set(self.records)

    @property
    def records(self) -> dict[Address, Record]:
        """Everything recorded, of all the federations."""
        return {address: record for one in self.snapshots.values() for address, record in one.records.items()}
