"""Rights on shared mailboxes as Exchange shows them."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from reconcile.providers.base import ABSENT, Observed, Wanted
from reconcile.providers.microsoft.reading import observed_state
from reconcile.providers.microsoft.reading.observing.mailboxes import recorded_or_primary
from reconcile.providers.microsoft.reading.observing.observed import unknown
from reconcile.providers.microsoft.reading.records import Box, Recipient, domain_of
from reconcile.providers.microsoft.reading.tenant import Tenant
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.resources.address import Address
from reconcile.resources.resource import Live

Row = dict[str, Any]


def observe_access(
    tenant: Tenant, wanted: Sequence[Wanted], domains: Mapping[str, str], copier: Collection[str]
) -> Mapping[Address, Observed]:
    """Kind *access*. ``domains``: each declared one → its federation's slug. ``copier``: the names Exchange shows the
    mail copier by, in lower case; its rights are none of theirs."""
    boxes = recorded_or_primary(tenant, wanted)
    guids = [box.guid for box in boxes.values()]
    full = tenant.permissions("Get-MailboxPermission", guids)
    send = tenant.permissions("Get-RecipientPermission", guids)
    recipients = tenant.recipients_named(_holders(boxes.values(), full, send) - set(copier)) if boxes else {}
    seen: dict[Address, Observed] = {}
    for one in wanted:
        box = boxes.get(one.address)
        if box is None:
            seen[one.address] = ABSENT
            continue
        rows, grants = full[box.guid], send[box.guid]
        if isinstance(rows, Refused) or isinstance(grants, Refused):
            seen[one.address] = unknown(rows if isinstance(rows, Refused) else grants, one.address)
        else:
            managed = functools.partial(_managed, one, domains, copier)
            fields = observed_state.access_fields(box, rows, grants, recipients, managed)
            seen[one.address] = Live(one.address, fields, box.guid)
    return seen


def _holders(boxes: Iterable[Box], *rights: Mapping[str, list[Row] | Refused]) -> set[str]:
    """Everybody who is shown to hold a right on one of the mailboxes, by the names Exchange shows, lower case."""
    rows = [row for found in rights for one in found.values() if not isinstance(one, Refused) for row in one]
    named = {str(row.get("User") or row.get("Trustee") or "").lower() for row in rows}
    return (named | {holder.lower() for box in boxes for holder in box.on_behalf}) - {""}


def _managed(one: Wanted, domains: Mapping[str, str], copier: Collection[str], holder: Recipient) -> bool:
    """Whether a holder's rights are managed: those of the federation's own people, and of whom its file names or
    named. Groups' and outsiders' rights are left to them. An import, which knows no file yet, sees everybody's."""
    if not holder.names.isdisjoint(copier):
        return False
    if one.desired is None and not one.recorded:
        return True
    desired = one.desired.fields if one.desired else {}
    values = (*desired.values(), *one.recorded.values())
    if any(isinstance(value, tuple) and holder.primary in value for value in values):
        return True
    return not holder.group and domains.get(domain_of(holder.primary)) == one.address.federation
