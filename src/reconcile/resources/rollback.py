"""What a federation that was rolled back is due beside what its file asks: its mail brought back. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from reconcile.config.federation.federation import Federation
from reconcile.resources.address import Address
from reconcile.resources.milestones import Milestones
from reconcile.resources.resource import Desired, Value

#: How long a server tries to deliver before it gives a message back (RFC 5321, 4.5.4.1).
SENDERS_TRY = dt.timedelta(days=5)


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
    if federation.file.legacy is None:
        return False
    kinds = {address.kind for address in recorded}
    if "copy_back" in kinds and not switched:
        return "copy" in kinds
    return federation.file.migration.closed is None and "copy" in kinds and now < moments.lock


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


def quiet_since(led_back: dt.datetime, ttl: int, brought: dt.datetime) -> dt.datetime:
    """The moment from which nothing comes to the new mailboxes that nobody looks into: senders may hold the MX that
    led there for its ``ttl`` (seconds) after it ``led_back`` to the old host, and go on trying; and each message that
    was ``brought`` back shows that somebody still does."""
    return max(led_back, brought) + dt.timedelta(seconds=ttl) + SENDERS_TRY


def what_ends(address: Address, recorded: Mapping[Address, Mapping[str, Value]]) -> Iterator[Address]:
    """A way back with all that would end it: the mailbox it comes from, the right to read there, the copy it goes back
    on."""
    box = str(recorded[address].get("destination") or address.key)
    yield address
    yield address._replace(kind="copy")
    yield Address(address.federation, "copy_access", box)
    yield Address(address.federation, "mailbox", box)
