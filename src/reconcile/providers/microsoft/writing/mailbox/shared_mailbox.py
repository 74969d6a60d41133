"""A shared mailbox comes to be: Exchange makes it, the directory shows its account a little later."""

from __future__ import annotations

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading.records import Box
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.providers.microsoft.writing.in_steps import created, retrying, until
from reconcile.providers.microsoft.writing.mailbox.accounts import unique_name
from reconcile.providers.microsoft.writing.mailbox.deleted import DeletedAccounts
from reconcile.providers.microsoft.writing.services import Surfaces
from reconcile.steps import Steps

#: Seconds until Exchange's servers know a new domain or a new mailbox, and the directory its account.
TIMEOUT = 3600.0


TAKEN = ("ADObjectAlreadyExistsException", "WLCDManagedMemberExistsException", "ProxyAddressExistsException")


class SharedBoxes:
    def __init__(self, surfaces: Surfaces, deleted: DeletedAccounts) -> None:
        self._surfaces = surfaces
        self._exchange = surfaces.exchange
        self._clock = surfaces.clock
        self._deleted = deleted

    def ensure(self, order: Order) -> Steps[Box]:
        """The shared mailbox of the order's address: brought back if it was ours and deleted, else created, or found
        if an interrupted run of ours left it. Its account is shown by the directory when this returns.

        Raises ``Problem`` M365-23 when the address went to another mailbox meanwhile.
        """
        key, watch = order.address.key, self._surfaces.watch
        if self._deleted.restore(order.address) is None:
            box = yield from created(
                self._clock, lambda: self._create(order), lambda since: watch.box(key, since), TIMEOUT
            )
        else:
            box = yield from until(self._clock, lambda since: watch.box(key, since), TIMEOUT)
        if box is None:
            raise Problem(
                "M365-18",
                Phrase("{key}: Exchange does not show the shared mailbox that was asked for.", key=key),
                "apply again in a few minutes: a mailbox that exists is completed, not created again",
            )
        if box.name != unique_name(key):
            raise Problem(
                "M365-23",
                Phrase(
                    "{key}: this address went to another mailbox, {primary}, since the plan was made.",
                    key=key,
                    primary=box.primary,
                ),
                "make a new plan",
            )
        identity = box.user_id
        account = yield from until(self._clock, lambda since: watch.user(identity, since), TIMEOUT, pause=30.0)
        if account is None:
            raise Problem(
                "M365-18", Phrase("{key}: the directory does not show its account.", key=key), "apply again later"
            )
        return box

    def _create(self, order: Order) -> Steps[None]:
        key = order.address.key
        name = unique_name(key)
        display = str(order.fields.get("display_name") or key)

        def new() -> None:
            self._exchange.create(
                "New-Mailbox", Shared=True, Name=name, Alias=name, DisplayName=display, PrimarySmtpAddress=key
            )

        try:
            yield from retrying(self._clock, new, _domain_too_new, TIMEOUT, pause=15.0)
        except Refused as refused:
            # Its name or its address is taken: by our own creation whose answer was lost, as its name will show, or by
            # somebody else's mailbox.
            taken = self._surfaces.watch.box(key) if refused.code in TAKEN else None
            if taken is None or taken.name != name:
                raise


def _domain_too_new(refused: Refused) -> bool:
    return refused.code == "NotAcceptedDomainException"
