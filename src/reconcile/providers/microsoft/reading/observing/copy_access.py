"""The copier's temporary access to mailboxes: the right to open them, and IMAP."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from reconcile.providers.base import ABSENT, Observed, Wanted
from reconcile.providers.microsoft.reading import observed_state
from reconcile.providers.microsoft.reading.observing.mailboxes import recorded_or_primary
from reconcile.providers.microsoft.reading.observing.observed import unknown
from reconcile.providers.microsoft.reading.tenant import Tenant
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value


@dataclasses.dataclass(frozen=True, slots=True)
class Copier:
    """The mail copier: its service principal as cmdlets are asked about it, and the names they show it by (lower
    case)."""

    principal: str
    names: frozenset[str]


def observe_copy_access(
    tenant: Tenant, wanted: Sequence[Wanted], copier: Copier, copied: Collection[str]
) -> Mapping[Address, Observed]:
    """Kind *copy_access*. ``copied``: the addresses into which nothing is left to copy."""
    # Once the mail is copied nobody needs the right: it counts as recorded, whether it was removed since or not.
    # Reading it would cost more than all the rest, for Exchange shows the rights on one mailbox at a time.
    # A mailbox made anew under the same address has none of that mail, and another id.
    there = {box.guid for box in tenant.boxes().values()}
    seen: dict[Address, Observed] = {
        one.address: Live(one.address, dict(one.recorded), one.identity)
        for one in wanted
        if copied_whole(one, copied) and one.identity in there
    }
    left = [one for one in wanted if one.address not in seen]
    boxes = recorded_or_primary(tenant, left)
    granted = _granted(tenant, [box.guid for box in boxes.values()], copier)
    imap = tenant.imap([guid for guid, found in granted.items() if found is True])
    for one in left:
        guid = boxes[one.address].guid if one.address in boxes else ""
        found, on = granted.get(guid, False), imap.get(guid, True)
        if isinstance(found, Refused) or isinstance(on, Refused):
            seen[one.address] = unknown(found if isinstance(found, Refused) else on, one.address)
        elif not found:
            seen[one.address] = ABSENT
        else:
            context: Mapping[str, Value] = {} if on else {"imap": "switched off"}
            seen[one.address] = Live(one.address, {"granted": on}, guid, context=context)
    return seen


def copied_whole(one: Wanted, copied: Collection[str]) -> bool:
    """Whether a mailbox that stays described has all its mail copied."""
    return one.desired is not None and bool(one.recorded.get("granted")) and one.address.key in copied


def _granted(tenant: Tenant, guids: Collection[str], copier: Copier) -> Mapping[str, bool | Refused]:
    """Whether the copier may open each of these mailboxes. Exchange shows an application by its object id, its
    application id, a SID or its name: where somebody may be the copier, it is asked about the copier alone."""
    rights = tenant.permissions("Get-MailboxPermission", guids)
    held: dict[str, set[str] | Refused] = {
        guid: rows if isinstance(rows, Refused) else set(map(str.lower, observed_state.full_access_holders(rows)))
        for guid, rows in rights.items()
    }
    unsure = [
        guid
        for guid, holders in held.items()
        if not isinstance(holders, Refused) and not holders & copier.names and holders - {"nt authority\\self"}
    ]
    asked = tenant.copier_permissions(unsure, copier.principal)
    found: dict[str, bool | Refused] = {}
    for guid, holders in held.items():
        answer = asked.get(guid, [])
        if isinstance(holders, Refused):
            found[guid] = holders
        elif isinstance(answer, Refused):
            unknown_there = answer.code == "ManagementObjectNotFoundException"  # Exchange does not know the application
            found[guid] = False if unknown_there else answer
        else:
            found[guid] = bool(holders & copier.names) or observed_state.copier_granted(answer, copier.names)
    return found
