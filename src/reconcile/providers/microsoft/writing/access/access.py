"""Rights on shared mailboxes: who opens them, sends as them and on their behalf."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading import observed_state
from reconcile.providers.microsoft.reading.records import Box
from reconcile.providers.microsoft.wire.multi_valued import edited
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.providers.microsoft.writing.access.principals import Names
from reconcile.providers.microsoft.writing.boundary import check_inside
from reconcile.providers.microsoft.writing.in_steps import retrying, until
from reconcile.providers.microsoft.writing.services import Surfaces, disagrees
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value
from reconcile.steps import Steps

#: Seconds until a new account is a recipient one can grant a right to (15 minutes as a rule).
RECIPIENT_TIMEOUT = 3600.0
#: Seconds for a granted right to be shown.
SHOWN_TIMEOUT = 600.0

RIGHTS = ("full_access", "send_as", "send_on_behalf")


class AccessWriter:
    """Kind *access*. Rights are given and taken one by one, so nobody else's are ever touched."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces
        self._exchange = surfaces.exchange
        self._clock = surfaces.clock
        self._names = Names(surfaces)

    def create(self, order: Order) -> Steps[Live]:
        return self._settle(order, RIGHTS)

    def update(self, order: Order) -> Steps[Live]:
        return self._settle(order, tuple(right for right in RIGHTS if right in order.changed))

    def delete(self, order: Order) -> Steps[None]:
        """Take back the rights the plan saw; a mailbox that is gone has none."""
        if self._surfaces.watch.box(order.address.key) is not None:
            none = dataclasses.replace(order, fields=dict.fromkeys(RIGHTS, ()), changed=frozenset(RIGHTS))
            yield from self._settle(none, RIGHTS)

    def _settle(self, order: Order, rights: tuple[str, ...]) -> Steps[Live]:
        box = yield from mailbox(self._surfaces, order.address)
        check_inside(order, box)
        before = self._fields(box)
        for right in rights:
            wanted, present = _people(order.fields.get(right)), _people(before[right])
            for who in sorted(wanted - present):
                yield from self._give(right, box, who)
            # What the plan did not show is not taken away: somebody may have given it since.
            for who in sorted((present & self._planned(order, right, present)) - wanted):
                yield from self._take(right, box, who)
        live = yield from until(self._clock, lambda since: self._agreeing(order, rights, since), SHOWN_TIMEOUT)
        if live is None:
            raise disagrees(order.address, ", ".join(rights))
        return live

    def _agreeing(self, order: Order, rights: tuple[str, ...], since: float | None) -> Live | None:
        box = self._surfaces.watch.box(order.address.key, since)
        if box is None:
            return None
        fields = self._fields(box)
        for right in rights:
            wanted, present = _people(order.fields.get(right)), _people(fields[right])
            if not wanted <= present or present & (self._planned(order, right, present) - wanted):
                return None
        return Live(order.address, fields, box.guid)

    def _planned(self, order: Order, right: str, present: set[str]) -> set[str]:
        """Whom the plan saw with the right, by their former and their present names: they may be renamed since."""
        seen = _people(order.before.fields.get(right)) if order.before else set()
        return seen | {known.primary for known in self._names.of(seen - present, set()).values()}

    def _fields(self, box: Box) -> dict[str, Value]:
        full = self._exchange.rows("Get-MailboxPermission", (), Identity=box.guid)
        send = self._exchange.rows("Get-RecipientPermission", (), Identity=box.guid)
        holders = [*observed_state.full_access_holders(full), *observed_state.send_as_holders(send), *box.on_behalf]
        tenant = self._surfaces.settings.tenant
        excluded = {tenant.copier_principal.lower(), tenant.client_id.lower()}
        found = self._names.of(holders, excluded)
        return observed_state.access_fields(box, full, send, found, lambda one: not one.names & excluded)

    def _give(self, right: str, box: Box, who: str) -> Steps[None]:
        return self._retrying(lambda: _give(self._surfaces, right, box.guid, who))

    def _take(self, right: str, box: Box, who: str) -> Steps[None]:
        return self._retrying(lambda: _take(self._surfaces, right, box.guid, who))

    def _retrying(self, act: Callable[[], None]) -> Steps[None]:
        try:
            yield from retrying(self._clock, act, recipient_unknown, RECIPIENT_TIMEOUT, pause=30.0)
        except Refused as refused:
            # As after an answer that was lost: it is what it was to become, as reading back will show.
            if not refused.code.endswith("AlreadyExistsException"):
                raise


def mailbox(surfaces: Surfaces, address: Address) -> Steps[Box]:
    box = yield from until(surfaces.clock, lambda since: surfaces.watch.box(address.key, since), SHOWN_TIMEOUT)
    if box is None:
        raise Problem(
            "M365-25", Phrase("{key}: Exchange shows no such mailbox.", key=address.key), "apply its mailbox first"
        )
    return box


def _give(surfaces: Surfaces, right: str, guid: str, who: str) -> None:
    run = surfaces.exchange.run
    if right == "full_access":
        full = ["FullAccess"]
        run(
            "Add-MailboxPermission",
            Identity=guid,
            User=who,
            AccessRights=full,
            InheritanceType="All",
            AutoMapping=True,
            Confirm=False,
        )
    elif right == "send_as":
        run("Add-RecipientPermission", Identity=guid, Trustee=who, AccessRights=["SendAs"], Confirm=False)
    else:
        run("Set-Mailbox", Identity=guid, GrantSendOnBehalfTo=edited(add=[who]))


def _take(surfaces: Surfaces, right: str, guid: str, who: str) -> None:
    run = surfaces.exchange.run
    if right == "full_access":
        full = ["FullAccess"]
        run(
            "Remove-MailboxPermission", Identity=guid, User=who, AccessRights=full, InheritanceType="All", Confirm=False
        )
    elif right == "send_as":
        run("Remove-RecipientPermission", Identity=guid, Trustee=who, AccessRights=["SendAs"], Confirm=False)
    else:
        run("Set-Mailbox", Identity=guid, GrantSendOnBehalfTo=edited(remove=[who]))


def recipient_unknown(refused: Refused) -> bool:
    return refused.code == "ManagementObjectNotFoundException" or refused.says("couldn't find", "couldn't be found")


def _people(value: Value) -> set[str]:
    return set(value) if isinstance(value, tuple) else set()
