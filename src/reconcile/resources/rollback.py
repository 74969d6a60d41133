"""What a federation that was rolled back is due beside what its file asks: its mail brought back. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from reconcile.config.federation.federation import Federation
from reconcile.resources.address import Address
from reconcile.resources.milestones import Milestones
from reconcile.resources.resource import Desired, Value


def is_rolled_back(
    federation: Federation,
    recorded: Mapping[Address, Mapping[str, Value]],
    moments: Milestones,
    now: dt.datetime,
    *,
    switched: bool,
) -> bool:
    """Whether its copies had begun and its lock is to come again, until its mail is switched anew.

    ``recorded``: the fields of what the state holds. ``switched``: whether its MX is as we made it for the switch.
    """
    if federation.file.migration.closed is not None or federation.file.legacy is None:
        return False
    kinds = {address.kind for address in recorded}
    return "copy" in kinds and (now < moments.lock or ("copy_back" in kinds and not switched))


def ways_back(federation: Federation, recorded: Mapping[Address, Mapping[str, Value]]) -> Iterator[Desired]:
    """One for each old mailbox that was copied into a mailbox of its own; what went into a folder of another came from
    there, and nothing arrives in it."""
    for address, fields in recorded.items():
        if address.kind != "copy" or fields.get("folder"):
            continue
        wanted = {name: fields.get(name) for name in ("source", "login", "destination")}
        wanted["public_folder"] = fields.get("public_folder") or ""
        if str(wanted["destination"]) in federation.file.mailboxes:
            yield Desired(Address(address.federation, "copy_back", address.key), wanted)
