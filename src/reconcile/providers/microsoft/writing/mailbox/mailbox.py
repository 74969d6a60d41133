"""Mailboxes: a person's licensed one or a shared one, created, completed, changed in place, soft-deleted."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping

from reconcile.language.phrase import Phrase
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading import observed_state
from reconcile.providers.microsoft.reading.records import Box, User, domain_of, smtp_addresses
from reconcile.providers.microsoft.wire.multi_valued import edited
from reconcile.providers.microsoft.wire.paths import segment
from reconcile.providers.microsoft.wire.refusals import Refused, holds_address
from reconcile.providers.microsoft.writing.boundary import check_inside, check_ours
from reconcile.providers.microsoft.writing.in_steps import AGREEING, retrying, retrying_steps, until
from reconcile.providers.microsoft.writing.mailbox.accounts import Accounts, NewPassword
from reconcile.providers.microsoft.writing.mailbox.address_holders import held, taken
from reconcile.providers.microsoft.writing.mailbox.conversion import Conversion
from reconcile.providers.microsoft.writing.mailbox.deleted import RELEASE_TIMEOUT, DeletedAccounts
from reconcile.providers.microsoft.writing.mailbox.provisioning_wait import ProvisioningWait
from reconcile.providers.microsoft.writing.mailbox.seats import Seats
from reconcile.providers.microsoft.writing.mailbox.shared_mailbox import SharedBoxes
from reconcile.providers.microsoft.writing.services import Surfaces, changed_since, disagrees
from reconcile.resources.resource import Live, Value
from reconcile.steps import Steps

#: Seconds until Exchange's servers and the directory agree on something new.
REPLICA_TIMEOUT = 900.0
#: Seconds for a change to be shown before it is written again, and how often that is done.
SHOWN_TIMEOUT = 300.0
WRITES = 3


class MailboxWriter:
    """Kind *mailbox*. The account's object id is the mailbox's identity; names and addresses change in place."""

    def __init__(self, surfaces: Surfaces, password: NewPassword) -> None:
        self._surfaces = surfaces
        self._watch = surfaces.watch
        self._exchange = surfaces.exchange
        self._clock = surfaces.clock
        self._deleted = DeletedAccounts(surfaces)
        self._seats = Seats(surfaces)
        self._provisioning = ProvisioningWait(surfaces)
        self._accounts = Accounts(surfaces, self._deleted, password)
        self._shared = SharedBoxes(surfaces, self._deleted)
        self._conversion = Conversion(surfaces, self._accounts, self._seats)

    def create(self, order: Order) -> Steps[Live]:
        return self._with_holders(order, self._create)

    def update(self, order: Order) -> Steps[Live]:
        return self._with_holders(order, self._update)

    def delete(self, order: Order) -> Steps[None]:
        """Soft: the tenant keeps account and mail for 30 days."""
        if order.before is None:
            return
        identity = order.before.identity
        user, box = self._watch.both(identity)
        key = order.address.key
        if user and key not in {user.upn, box.primary if box else ""} | smtp_addresses(user.proxies):
            raise changed_since(order.address, Phrase("it was given another address"))
        check_inside(order, user, box)
        check_ours(order, user)
        if box and box.shared:
            self._exchange.run("Remove-Mailbox", Identity=box.guid, Confirm=False)
        elif user:
            self._surfaces.graph.remove(f"/users/{segment(identity)}")
        self._deleted.changed()
        self._seats.returned(user.skus if user else frozenset())
        gone = until(self._clock, lambda since: self._gone(identity, since), REPLICA_TIMEOUT, agreeing=AGREEING)
        if (yield from gone) is None:
            raise disagrees(order.address, Phrase("its deletion"))

    def _gone(self, identity: str, since: float | None) -> bool | None:
        return True if self._watch.both(identity, since) == (None, None) else None

    def _with_holders(self, order: Order, write: Callable[[Order], Steps[Live]]) -> Steps[Live]:
        """Name who has an address when the tenant only says that somebody does; wait while nobody has it any more."""
        wanted = {order.address.key} | _addresses(order.fields.get("aliases"))

        def passes(refused: Refused) -> bool:
            if not holds_address(refused):
                return False
            if holders := held(self._surfaces, self._deleted, order.address, wanted):
                raise taken(order.address, holders)
            return True

        return retrying_steps(self._clock, lambda: write(order), passes, RELEASE_TIMEOUT, pause=120.0)

    # ---- coming to be

    def _create(self, order: Order) -> Steps[Live]:
        if order.fields.get("licence") == "shared":
            box = yield from self._shared.ensure(order)
            user = self._watch.user(box.user_id)
            check_inside(order, user, box)
            if user and not box.shared:
                yield from self._conversion.convert(order, user, box)
            return (yield from self._converge(order, box.user_id, frozenset(order.fields)))
        self._seats.reserve(order.address, str(order.fields["licence"]))
        user = yield from self._accounts.ensure(order)
        check_inside(order, user)
        seen = yield from self._personal(order, user)
        return (yield from self._converge(order, user.id, frozenset(order.fields), seen))

    def _personal(self, order: Order, user: User) -> Steps[float | None]:
        """License the account and wait for its mailbox; the moment since which it was seen. One that is there already
        belongs to a deleted account brought back, or to a run cut short; it may even be a shared one."""
        if user.proxies and (box := self._watch.box(user.id)) and box.shared:
            yield from self._conversion.convert(order, user, box)
            return None
        yield from self._seats.give(user, str(order.fields["licence"]))
        return (yield from self._provisioning.wait(order, user))

    # ---- changing in place

    def _update(self, order: Order) -> Steps[Live]:
        if order.before is None:
            return (yield from self._create(order))
        user, box = self._watch.both(order.before.identity)
        if user is None:
            raise changed_since(order.address, Phrase("its account was deleted"))
        check_inside(order, user, box)
        live = observed_state.mailbox_fields(order.address.key, user, box, self._seats.skus(), _domains(order))
        self._refuse_if_moved(order, live)
        if "licence" in order.changed:
            wanted = str(order.fields["licence"])
            if wanted != "shared" and self._seats.skus().licence(user.skus) != wanted:
                self._seats.reserve(order.address, wanted)
            if box is None:
                yield from self._personal(order, user)
            else:
                yield from self._conversion.convert(order, user, box)
        return (yield from self._converge(order, user.id, order.changed))

    def _refuse_if_moved(self, order: Order, live: Mapping[str, Value]) -> None:
        """Refuse to write over what somebody changed since the plan was made."""
        before = order.before.fields if order.before else {}
        for name in sorted(order.changed):
            if not any(_same(live.get(name), one) for one in (before.get(name), order.fields[name])):
                raise changed_since(order.address, Phrase("somebody changed its {field}", field=name.replace("_", " ")))

    # ---- until the tenant agrees

    def _converge(self, order: Order, user_id: str, names: Collection[str], ended: float | None = None) -> Steps[Live]:
        """Write what differs, look until nothing does, answer that. ``ended``: since when nothing was written."""
        differing: frozenset[str] = frozenset()

        def agreeing(since: float | None) -> Live | None:
            return self._agreeing(order, self._pair(user_id, since), names)

        for _ in range(WRITES):
            pair = functools.partial(self._pair, user_id)
            found = yield from until(self._clock, pair, REPLICA_TIMEOUT, ended=ended)
            if found is None:
                raise changed_since(order.address, Phrase("its account or its mailbox was removed"))
            differing = self._differing(order, *found, names)
            check_inside(order, *found)
            ended = None if (yield from self._write(order, *found, differing)) else ended
            live = yield from until(self._clock, agreeing, SHOWN_TIMEOUT, agreeing=AGREEING, ended=ended)
            if live is not None:
                return live
            ended = None
        raise disagrees(order.address, ", ".join(sorted(differing)) or Phrase("its ownership mark"))

    def _pair(self, user_id: str, since: float | None) -> tuple[User, Box] | None:
        user, box = self._watch.both(user_id, since)
        return (user, box) if user and box else None

    def _agreeing(self, order: Order, found: tuple[User, Box] | None, names: Collection[str]) -> Live | None:
        if found is None or self._differing(order, *found, names):
            return None
        user, box = found
        if not user.stamp or (box.shared and box.upn != order.address.key):
            return None
        fields = observed_state.mailbox_fields(order.address.key, user, box, self._seats.skus(), _domains(order))
        return Live(order.address, fields, user.id)

    def _differing(self, order: Order, user: User, box: Box, names: Collection[str]) -> frozenset[str]:
        live = observed_state.mailbox_fields(order.address.key, user, box, self._seats.skus(), _domains(order))
        return frozenset(name for name in names if not _same(live.get(name), order.fields[name]))

    def _write(self, order: Order, user: User, box: Box, names: Collection[str]) -> Steps[bool]:
        """Whether there was something to write."""
        written = yield from self._accounts.describe(user, order.fields, names, order.address)
        settings = _mailbox_settings(order, box, names)
        if box.shared and box.upn != order.address.key:
            settings["MicrosoftOnlineServicesID"] = order.address.key
        if "disabled_plans" in names:
            self._seats.leave_out(user)
        if "primary" in names:
            if not box.shared:
                yield from self._accounts.rename(user, order.address.key)
            # WindowsEmailAddress moves the primary and keeps the old one as an alias; PrimarySmtpAddress cannot be set.
            yield from self._set(box, {"WindowsEmailAddress": order.address.key})
        if settings:
            yield from self._set(box, settings)
        return written or bool(names) or bool(settings)

    def _set(self, box: Box, settings: Mapping[str, object]) -> Steps[None]:
        def act() -> None:
            self._exchange.run("Set-Mailbox", Identity=box.guid, **settings)

        yield from retrying(self._clock, act, _not_there_yet, REPLICA_TIMEOUT, pause=15.0)


def _mailbox_settings(order: Order, box: Box, names: Collection[str]) -> dict[str, object]:
    """The Set-Mailbox parameters that bring those fields about."""
    settings: dict[str, object] = {}
    if "aliases" in names:
        wanted, held = _addresses(order.fields["aliases"]), smtp_addresses(box.proxies)
        # What the plan did not show stays (a creation shows all there is: nothing); so does what is not of our domains.
        planned = _addresses(order.before.fields.get("aliases")) if order.before else held
        remove = {one for one in (planned & held) - wanted - {order.address.key} if domain_of(one) in _domains(order)}
        if wanted - held or remove:
            settings["EmailAddresses"] = edited(
                [f"smtp:{one}" for one in sorted(wanted - held)], [f"smtp:{one}" for one in sorted(remove)]
            )
    if "hidden" in names:
        settings["HiddenFromAddressListsEnabled"] = order.fields["hidden"]
    if "sent_copies" in names:
        settings["MessageCopyForSentAsEnabled"] = order.fields["sent_copies"]
        settings["MessageCopyForSendOnBehalfEnabled"] = order.fields["sent_copies"]
    return settings


def _domains(order: Order) -> set[str]:
    """The domains whose aliases this order is about: its own, and those of the aliases it names."""
    before = order.before.fields.get("aliases") if order.before else ()
    named = _addresses(order.fields.get("aliases")) | _addresses(before)
    ours = domain_of(order.address.key)
    return {ours} | {domain_of(address) for address in named if not address.endswith(".onmicrosoft.com")}


def _addresses(value: Value) -> set[str]:
    return set(value) if isinstance(value, tuple) else set()


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, tuple) or isinstance(other, tuple):
        return _addresses(one) == _addresses(other)
    return (one or None) == (other or None) if isinstance(one or other, str) else one == other


def _not_there_yet(refused: Refused) -> bool:
    """What a server answers that has not heard of a new mailbox or a new domain."""
    return refused.code in ("ManagementObjectNotFoundException", "NotAcceptedDomainException")
