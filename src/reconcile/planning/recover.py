"""A lost state found again in the world: what bears our mark is ours. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from reconcile.providers.base import Observed
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Desired, Live
from reconcile.state.snapshot.snapshot import Record


def recovered(
    federation: str, desired: Iterable[Desired], observed: Mapping[Address, Observed], run: str, now: dt.datetime
) -> list[Record]:
    """Records of everything seen that bears the federation's mark, described in YAML or not.

    Who created it and whether it was protected is not written on it, so it is recorded as adopted and unprotected.
    What bears no mark (a record of a zone, a delegate) needs none: the next apply records what is as YAML asks.
    """
    managed = {resource.address: frozenset(resource.fields) for resource in desired}
    return [
        Record(
            address=address,
            identity=shown.identity,
            fields={
                name: value
                for name, value in shown.fields.items()
                if name in managed.get(address, shown.fields) and not KINDS[address.kind].fields[name].sensitive
            },
            created_by="",
            applied_by=run,
            applied_at=now.isoformat(timespec="seconds"),
            outputs=shown.outputs,
        )
        for address, shown in sorted(observed.items())
        if isinstance(shown, Live) and shown.owner == federation == address.federation
    ]
