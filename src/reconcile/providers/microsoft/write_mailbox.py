"""Mailboxes: a person's licensed one or a shared one, created, completed, changed in place, soft-deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft import sights
from reconcile.providers.microsoft.accounts import DIRECTORY, Accounts, unique_name
from reconcile.providers.microsoft.exchange import edited
from reconcile.providers.microsoft.graph import segment
from reconcile.providers.microsoft.licences import Skus
from reconcile.providers.microsoft.records import Box, User, domain_of, smtp_addresses
from reconcile.providers.microsoft.refused import LostAnswer, Refused
from reconcile.providers.microsoft.settle import patiently, until
from reconcile.providers.microsoft.surfaces import Surfaces, changed_since, disagrees
from reconcile.resources.resource import Live, Value

#: Seconds until a licensed account has its mailbox: minutes as a rule. Microsoft's support looks at it after a day.
ARRIVAL_PATIENCE = 3600.0
#: Seconds until Exchange's servers and the directory agree on something new.
REPLICA_PATIENCE = 900.0
#: Seconds for a change to be shown before it is written again, and how often that is done.
SHOWN_PATIENCE = 300.0
WRITES = 3


class MailboxWriter:
    """Kind *mailbox*. The account's object id is the mailbox's identity; names and addresses change in place."""

    def __init__(self, surfaces: Surfaces, password: Callable[[], str]) -> None:
        self._surfaces = surfaces
        self._graph = surfaces.graph
        self._exchange = surfaces.exchange
        self._clock = surfaces.clock
        self._accounts = Accounts(surfaces, password)

    def create(self, order: Order) -> Live:
        if order.fields.get("licence") == "shared":
            user_id = self._shared(order).user_id
            self._account_of(user_id, order)
        else:
            user_id = self._personal(order, self._accounts.ensure(order))
        return self._converge(order, user_id, frozenset(order.fields))

    def update(self, order: Order) -> Live:
        before = order.before
        if before is None:
            return self.create(order)
        user = self._surfaces.user(before.identity)
        if user is None:
            raise changed_since(order.address, "its account was deleted")
        skus = self._accounts.skus()
        box = self._surfaces.box(user.id)
        self._unchanged(order, sights.mailbox_fields(order.address.key, user, box, skus, _domains(order)))
        if "licence" in order.changed:
            self._relicense(order, user, box)
        return self._converge(order, user.id, order.changed)

    def delete(self, order: Order) -> None:
        """Soft: the tenant keeps account and mail for 30 days."""
        if order.before is None:
            return
        identity = order.before.identity
        user, box = self._surfaces.user(identity), self._surfaces.box(identity)
        key = order.address.key
        if user and key not in {user.upn, box.primary if box else ""} | smtp_addresses(user.proxies):
            raise changed_since(order.address, "it was given another address")
        if box and box.shared:
            self._exchange.run("Remove-Mailbox", Identity=box.guid, Confirm=False)
        elif user:
            self._graph.remove(f"/users/{segment(identity)}")
        if until(self._clock, lambda: self._gone(identity), REPLICA_PATIENCE) is None:
            raise disagrees(order.address, "its deletion")

    def _gone(self, identity: str) -> bool | None:
        return True if self._surfaces.user(identity) is None and self._surfaces.box(identity) is None else None

    # ---- coming to be

    def _personal(self, order: Order, user: User) -> str:
        """License the account and wait for its mailbox."""
        self._accounts.license(user, str(order.fields["licence"]))
        if self._surfaces.box(user.id) is None and self._surfaces.arrivals.wait(user.id, ARRIVAL_PATIENCE) is None:
            raise self._never_came(order, user)
        return user.id

    def _never_came(self, order: Order, user: User) -> Problem:
        row = self._graph.one(f"/users/{segment(user.id)}", ("id", "assignedPlans", "serviceProvisioningErrors")) or {}
        exchange = [plan for plan in row.get("assignedPlans") or [] if plan.get("service") == "exchange"]
        if row.get("serviceProvisioningErrors"):
            why = "the tenant reports a provisioning error, as a rule an address that another object holds"
        elif not exchange:
            why = "its licence brings no Exchange plan"
        else:
            why = "no reason is shown"
        return Problem(
            "M365-14",
            f"{order.address.key}: licensed an hour ago, still without a mailbox; {why}.",
            "apply again later; after 24 hours ask Microsoft's support",
        )

    def _shared(self, order: Order) -> Box:
        """The shared mailbox: found if an interrupted run of ours left it, else created."""
        key = order.address.key
        box = self._surfaces.box(key)
        if box is None:
            try:
                patiently(self._clock, lambda: self._new_shared(order), _not_accepted_yet, REPLICA_PATIENCE)
            except LostAnswer:
                pass
            except Refused as refused:
                # Its name is taken: by our own creation whose answer was lost, as the look below will show.
                if refused.code not in ("ADObjectAlreadyExistsException", "WLCDManagedMemberExistsException"):
                    raise
            box = until(self._clock, lambda: self._surfaces.box(key), REPLICA_PATIENCE)
        if box is None:
            raise Problem(
                "M365-18",
                f"{key}: Exchange does not show the shared mailbox that was asked for.",
                "apply again in a few minutes: a mailbox that exists is completed, not created again",
            )
        if box.name != unique_name(key) or not box.shared:
            raise Problem(
                "M365-23",
                f"{key}: this address went to another mailbox, {box.primary}, since the plan was made.",
                "make a new plan",
            )
        return box

    def _new_shared(self, order: Order) -> None:
        key = order.address.key
        name = unique_name(key)
        display = str(order.fields.get("display_name") or key)
        self._exchange.create(
            "New-Mailbox", Shared=True, Name=name, Alias=name, DisplayName=display, PrimarySmtpAddress=key
        )

    def _account_of(self, user_id: str, order: Order) -> None:
        """Wait for the directory to show a new shared mailbox's account."""
        if until(self._clock, lambda: self._surfaces.user(user_id), ARRIVAL_PATIENCE, pause=10.0) is None:
            raise Problem(
                "M365-18", f"{order.address.key}: the directory does not show its account.", "apply again later"
            )

    # ---- changing in place

    def _relicense(self, order: Order, user: User, box: Box | None) -> None:
        wanted = order.fields["licence"]
        if wanted == "shared" and box and not box.shared:
            # The licence stays until the conversion is done: without one there is no mailbox to convert.
            self._exchange.run("Set-Mailbox", Identity=box.guid, Type="Shared")
            if until(self._clock, lambda: self._is_shared(user.id), REPLICA_PATIENCE) is None:
                raise disagrees(order.address, "its conversion to a shared mailbox")
            self._accounts.license(user, None)
        elif wanted != "shared" and box and box.shared:
            raise Problem(
                "M365-19",
                f"{order.address.key}: turning a shared mailbox into a personal one is not supported.",
                "convert it in the admin centre, then make a new plan",
            )
        elif wanted != "shared":
            self._personal(order, user)

    def _is_shared(self, user_id: str) -> bool | None:
        box = self._surfaces.box(user_id)
        return True if box and box.shared else None

    def _unchanged(self, order: Order, live: Mapping[str, Value]) -> None:
        """Refuse to write over what somebody changed since the plan was made."""
        before = order.before.fields if order.before else {}
        for name in sorted(order.changed):
            now = live.get(name)
            if not _same(now, before.get(name)) and not _same(now, order.fields[name]):
                raise changed_since(order.address, f"somebody changed its {name.replace('_', ' ')}")

    # ---- until the tenant agrees

    def _converge(self, order: Order, user_id: str, names: Collection[str]) -> Live:
        """Write what differs, look until nothing does, answer what is then seen."""
        skus = self._accounts.skus()
        differing: frozenset[str] = frozenset()
        for _ in range(WRITES):
            user, box = self._look(order, user_id)
            differing = self._differing(order, user, box, skus, names)
            self._write(order, user, box, differing)
            live = until(self._clock, lambda: self._agreeing(order, user_id, skus, names), SHOWN_PATIENCE)
            if live is not None:
                return live
        raise disagrees(order.address, ", ".join(sorted(differing)) or "its ownership mark")

    def _look(self, order: Order, user_id: str) -> tuple[User, Box]:
        user = until(self._clock, lambda: self._surfaces.user(user_id), REPLICA_PATIENCE)
        box = until(self._clock, lambda: self._surfaces.box(user_id), REPLICA_PATIENCE)
        if user is None or box is None:
            raise changed_since(order.address, "its account or its mailbox was removed")
        return user, box

    def _agreeing(self, order: Order, user_id: str, skus: Skus, names: Collection[str]) -> Live | None:
        user, box = self._surfaces.user(user_id), self._surfaces.box(user_id)
        if user is None or box is None or self._differing(order, user, box, skus, names):
            return None
        if box.shared and box.upn != order.address.key:
            return None
        if not user.stamp:
            return None
        fields = sights.mailbox_fields(order.address.key, user, box, skus, _domains(order))
        return Live(order.address, fields, user_id)

    def _differing(self, order: Order, user: User, box: Box, skus: Skus, names: Collection[str]) -> frozenset[str]:
        live = sights.mailbox_fields(order.address.key, user, box, skus, _domains(order))
        return frozenset(name for name in names if not _same(live.get(name), order.fields[name]))

    def _write(self, order: Order, user: User, box: Box, names: Collection[str]) -> None:
        self._accounts.describe(user, order.fields, [name for name in names if name in DIRECTORY], order.address)
        settings = _mailbox_settings(order, box, names)
        if box.shared and box.upn != order.address.key:
            settings["MicrosoftOnlineServicesID"] = order.address.key
        if "aliases" in names and box.primary != order.address.key:
            # WindowsEmailAddress moves the primary and keeps the old one as an alias; PrimarySmtpAddress cannot be set.
            self._set(box, {"WindowsEmailAddress": order.address.key})
        if settings:
            self._set(box, settings)

    def _set(self, box: Box, settings: Mapping[str, object]) -> None:
        def act() -> None:
            self._exchange.run("Set-Mailbox", Identity=box.guid, **settings)

        patiently(self._clock, act, _not_accepted_yet, REPLICA_PATIENCE, pause=15.0)


def _mailbox_settings(order: Order, box: Box, names: Collection[str]) -> dict[str, object]:
    """The Set-Mailbox parameters that bring those fields about."""
    settings: dict[str, object] = {}
    if "aliases" in names:
        wanted, held = _addresses(order.fields["aliases"]), smtp_addresses(box.proxies)
        planned = _addresses(order.before.fields.get("aliases")) if order.before else set()
        add, remove = wanted - held, (planned & held) - wanted - {order.address.key}
        remove = {address for address in remove if domain_of(address) in _domains(order)}
        if add or remove:
            settings["EmailAddresses"] = edited(
                [f"smtp:{address}" for address in sorted(add)], [f"smtp:{address}" for address in sorted(remove)]
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


def _not_accepted_yet(refused: Refused) -> bool:
    """What a server answers that has not heard of a new mailbox or a new domain."""
    return refused.code in ("ManagementObjectNotFoundException", "NotAcceptedDomainException")
