"""Mailboxes found: by an identity, by kind, by filter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reconcile.sandbox.tenant.cmdlet_error import CmdletError, unknown_object
from reconcile.sandbox.tenant.exchange import rows as exchange_rows
from reconcile.sandbox.tenant.exchange.filter import parse_filter
from reconcile.sandbox.tenant.exchange.mailbox_rows import mailbox_row, recipient_row
from reconcile.sandbox.tenant.world import addresses
from reconcile.sandbox.tenant.world.objects import Mailbox
from reconcile.sandbox.tenant.world.world import World

Parameters = dict[str, Any]
Row = Mapping[str, Any]
#: What a cmdlet puts out, and its warnings.
Outcome = tuple[Sequence[Row], list[str]]


class Recipients:
    """Get-Mailbox, Get-Recipient, Get-UnifiedGroup, Get-CASMailbox and Get-MailboxStatistics; the others find their
    mailbox here."""

    def __init__(self, world: World) -> None:
        self._world = world

    def one(self, identity: str) -> Mailbox:
        """The mailbox an identity names. Raises CmdletError when there is none, or more than one."""
        found = self.matching(identity)
        if not found:
            raise unknown_object(identity)
        if len(found) > 1:
            raise CmdletError(
                "ManagementObjectAmbiguousException",
                f"The operation couldn't be performed because '{identity}' matches multiple entries.",
            )
        settled = found[0].created + dt.timedelta(seconds=self._world.delays.new_mailbox)
        if found[0].shared and settled > self._world.clock.now() and self._world.chance.flips():
            raise unknown_object(identity)
        return found[0]

    def get_mailbox(self, given: Parameters) -> Outcome:
        if given.get("softdeletedmailbox") or given.get("inactivemailboxonly"):
            return [mailbox_row(self._world, box) for box in self._soft_deleted(given)], []
        return self._listed(given, mailbox_row)

    def get_recipient(self, given: Parameters) -> Outcome:
        identity = str(given.get("identity") or "")
        if identity and (other := self._world.other_named(identity.lower())):
            return [exchange_rows.other_row(self._world, other)], []
        others = [] if identity and self.matching(identity) else list(self._world.others.values())
        if identity and not self._world.profile.unknown_is_all:
            others = []
        return self._listed(given, recipient_row, [exchange_rows.other_row(self._world, one) for one in others])

    def get_groups(self, given: Parameters) -> Outcome:
        """The Microsoft 365 groups; those deleted in the last thirty days only when they are asked for."""
        found = [one for one in self._world.others.values() if one.kind == "GroupMailbox"]
        if given.get("includesoftdeletedgroups"):
            found += self._world.deleted_groups.values()
        key = str(given.get("identity") or "").lower()
        if key:
            found = [
                one for one in found if key in (one.id, one.guid, one.name.lower(), *addresses.smtp_of(one.addresses))
            ]
        if key and not found:
            raise unknown_object(key)
        return _cut([exchange_rows.group_row(self._world, one) for one in found], given.get("resultsize"))

    def get_protocols(self, given: Parameters) -> Outcome:
        return self._listed(given, exchange_rows.protocols_row)

    def get_statistics(self, given: Parameters) -> Outcome:
        return [exchange_rows.statistics_row(self._world, self.one(given["identity"]))], []

    def matching(self, identity: str) -> list[Mailbox]:
        key, world = identity.lower(), self._world
        owner = world.book.holder(key) or (key if key in world.users else None)
        if owner is not None:
            box = world.mailbox_of(owner)
            return [box] if box is not None else []
        if (found := world.mailbox_with(key)) is not None:
            return [found]
        named = [box for box in world.connected() if key in (box.name.lower(), box.alias.lower())]
        return named or [
            box
            for box in world.connected()
            if key == str(world.users[box.user_id].values["displayName"]).lower()
            or key == exchange_rows.distinguished_name(world, box.name).lower()
        ]

    def _listed(self, given: Parameters, row: Callable[[World, Mailbox], Row], others: Sequence[Row] = ()) -> Outcome:
        boxes = self._world.chance.shuffled(self._named(given.get("identity")))
        kinds = given.get("recipienttypedetails")
        if kinds is not None:
            wanted = {kind.lower() for kind in (kinds if isinstance(kinds, list) else [kinds])}
            boxes = [box for box in boxes if exchange_rows.row_type(box).lower() in wanted]
            others = [other for other in others if str(other["RecipientTypeDetails"]).lower() in wanted]
        rows = [*(row(self._world, box) for box in boxes), *others]
        if given.get("filter"):
            test = parse_filter(given["filter"])
            rows = [each for each in rows if test(each)]
        return _cut(rows, given.get("resultsize"))

    def _named(self, identity: str | None) -> list[Mailbox]:
        """An empty identity gives everybody, and so may an unknown one: the hazard that the reference page of each Get
        cmdlet warns of."""
        if identity and (self.matching(identity) or not self._world.profile.unknown_is_all):
            return [self.one(identity)]
        return self._world.connected()

    def _soft_deleted(self, given: Parameters) -> list[Mailbox]:
        boxes = [box for box in self._world.mailboxes.values() if box.disconnected is not None]
        key = str(given.get("identity") or "").lower()
        return [box for box in boxes if not key or key in (box.guid, box.user_id, *addresses.smtp_of(box.addresses))]


def _cut(rows: Sequence[Row], result_size: str | int | None) -> Outcome:
    """The first thousand rows unless more were asked for; being cut short shows in a warning only."""
    if str(result_size).lower() == "unlimited":
        return rows, []
    limit = int(result_size) if result_size is not None and str(result_size).isdigit() else 1000
    if len(rows) <= limit:
        return rows, []
    warning = (
        f"By default, only the first {limit} items are returned. Use the ResultSize parameter to specify the number of "
        'items returned. To return all items, specify "-ResultSize Unlimited".'
    )
    return rows[:limit], [warning]
