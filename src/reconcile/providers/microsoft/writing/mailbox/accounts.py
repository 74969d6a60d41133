"""The directory's side of a mailbox: the account and its attributes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from typing import Protocol, TypeVar

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading import records
from reconcile.providers.microsoft.reading.records import ENTRY, STAMP, STAMP_PREFIX, User, stamp
from reconcile.providers.microsoft.wire.paths import segment
from reconcile.providers.microsoft.wire.refusals import Refused
from reconcile.providers.microsoft.writing.in_steps import created, retrying, until
from reconcile.providers.microsoft.writing.mailbox.deleted import DeletedAccounts
from reconcile.providers.microsoft.writing.services import Surfaces
from reconcile.resources.address import Address
from reconcile.resources.resource import Value
from reconcile.steps import Steps

#: Seconds for a new account to be known to every replica of the directory.
REPLICA_TIMEOUT = 900.0
#: Passwords tried before the tenant's dislike of them is reported: the first and three more.
PASSWORDS = 4

T = TypeVar("T")


class SealedPassword(Protocol):
    """A password that whoever must know it can find again under ``entry``."""

    @property
    def entry(self) -> str: ...
    @property
    def password(self) -> str: ...


#: Answers a new password for an account, sealed before it is answered. The names are the person's.
NewPassword = Callable[[Address, Collection[str]], SealedPassword]

#: Fields of kind *mailbox* kept in the directory, and their Graph names.
DIRECTORY: Mapping[str, str] = {
    "display_name": "displayName",
    "first_name": "givenName",
    "last_name": "surname",
    "job_title": "jobTitle",
    "phone": "businessPhones",
    "atrium_id": "employeeId",
    "office": "officeLocation",
    "street": "streetAddress",
    "postal_code": "postalCode",
    "city": "city",
    # What a signature's documented tokens can say (%%Company%%, %%Department%%): no extension attribute is one.
    "website": "companyName",
    "networks": "department",
    "sign_in": "accountEnabled",
    "usage_location": "usageLocation",
}


class Accounts:
    """Creates accounts and writes their attributes.

    ``password`` answers a new password each time; it goes to Graph and nowhere else, along with the name of its entry.
    """

    def __init__(self, surfaces: Surfaces, deleted: DeletedAccounts, password: NewPassword) -> None:
        self._surfaces = surfaces
        self._graph = surfaces.graph
        self._clock = surfaces.clock
        self._deleted = deleted
        self._password = password

    def ensure(self, order: Order) -> Steps[User]:
        """The account that signs in as the order's address: brought back if it was ours and deleted, else created, or
        found if an interrupted run of ours left it: asking for it is what tells, for a name cannot be taken twice.

        Raises ``Problem`` M365-23 when somebody else's account has that name, M365-27 when a deleted one had it.
        """
        name = order.address.key
        restored = self._deleted.restore(order.address)
        user = yield from (self._shown(restored, order) if restored else self._create(order))
        if user.stamp != stamp(order.address):
            raise Problem(
                "M365-23",
                Phrase(
                    "{name}: an account of that name appeared since the plan was made; nothing was written.", name=name
                ),
                "make a new plan: it will offer to adopt it",
            )
        return user

    def describe(
        self, user: User, fields: Mapping[str, Value], names: Collection[str], address: Address
    ) -> Steps[bool]:
        """Write those directory fields, and our stamp where it is missing; whether there was anything to write."""
        body = {DIRECTORY[name]: _graph_value(name, fields[name]) for name in names if name in DIRECTORY}
        if user.stamp != stamp(address) and (not user.stamp or user.stamp.startswith(STAMP_PREFIX)):
            body["onPremisesExtensionAttributes"] = {STAMP: stamp(address)}
        if body:
            yield from self._change(user, body)
        return bool(body)

    def rename(self, user: User, name: str) -> Steps[None]:
        """Sign in by that name from now on. Exchange may move addresses along: read them again, then set them."""
        if user.upn != name:
            yield from self._change(user, {"userPrincipalName": name})

    def open(self, user: User, order: Order) -> Steps[None]:
        """Let somebody sign in to what was nobody's account: a new password, to be changed at once."""
        body = {"accountEnabled": True, "usageLocation": self._surfaces.settings.tenant.usage_location}
        yield from self._with_password(order, lambda secret: self._change(user, {**body, **password_profile(secret)}))

    def _change(self, user: User, body: Mapping[str, object]) -> Steps[None]:
        path = f"/users/{segment(user.id)}"
        yield from retrying(self._clock, lambda: self._graph.change(path, body), _not_there_yet, REPLICA_TIMEOUT)

    def _create(self, order: Order) -> Steps[User]:
        """The new account. Graph's answer tells its id, and what was asked for tells the rest."""
        made: list[User] = []

        def post(secret: SealedPassword) -> Steps[None]:
            posting = retrying(self._clock, lambda: self._post(order, secret), _domain_too_new, REPLICA_TIMEOUT)
            made.append((yield from posting))

        def create() -> Steps[None]:
            try:
                yield from self._with_password(order, post)
            except Refused as refused:
                # By our own creation whose answer was lost on the way, or by somebody else's: its stamp will tell, and
                # the entry it bears which password it has.
                if not _name_taken(refused):
                    raise

        def look(since: float | None) -> User | None:
            return made[0] if made else self._surfaces.watch.user(order.address.key, since)

        found = yield from created(self._clock, create, look, REPLICA_TIMEOUT)
        return found or (yield from self._shown(order.address.key, order))

    def _shown(self, name: str, order: Order) -> Steps[User]:
        watch = self._surfaces.watch
        user = yield from until(self._clock, lambda since: watch.user(name, since), REPLICA_TIMEOUT)
        if user is None:
            raise Problem(
                "M365-18",
                Phrase("{key}: the directory does not show the account that was asked for.", key=order.address.key),
                "apply again in a few minutes: an account that exists is completed, not created again",
            )
        return user

    def _post(self, order: Order, secret: SealedPassword) -> User:
        body = self._body(order, secret)
        row = self._graph.create("/users", body)
        return records.user({**body, "id": row["id"]})

    def _with_password(self, order: Order, write: Callable[[SealedPassword], Steps[T]]) -> Steps[T]:
        """``write`` with a new password and its entry's name; one the tenant dislikes is replaced, three times."""
        attempt = 0
        while True:
            attempt += 1
            secret = self._password(order.address, _names(order))
            try:
                return (yield from write(secret))
            except Refused as refused:
                if attempt == PASSWORDS or not _password_rejected(refused):
                    raise

    def _body(self, order: Order, secret: SealedPassword) -> dict[str, object]:
        name = order.address.key
        body: dict[str, object] = {
            DIRECTORY[field]: _graph_value(field, value)
            for field, value in order.fields.items()
            if field in DIRECTORY and value not in (None, "")
        }
        return {
            "accountEnabled": True,
            "displayName": name,
            "usageLocation": self._surfaces.settings.tenant.usage_location,
            **body,
            "userPrincipalName": name,
            "mailNickname": unique_name(name),
            **password_profile(secret),
            "onPremisesExtensionAttributes": {
                ENTRY: secret.entry,
                STAMP: stamp(order.address),
            },
        }


def password_profile(secret: SealedPassword) -> dict[str, object]:
    """What sets the password, to be changed at once, and says on the account which entry it is: one request for both,
    so that they cannot disagree."""
    return {
        "passwordProfile": {"password": secret.password, "forceChangePasswordNextSignIn": True},
        "onPremisesExtensionAttributes": {ENTRY: secret.entry},
    }


def _names(order: Order) -> list[str]:
    """What the person is called, as the directory is about to show it."""
    return [str(value) for name in ("first_name", "last_name", "display_name") if (value := order.fields.get(name))]


def unique_name(address: str) -> str:
    """A name no other federation's box has: every federation has its *contact*, so the domain is part of it.
    64 characters at most."""
    local, _, domain = address.partition("@")
    name = f"{local}.{domain}"
    return name if len(name) <= 64 else f"{name[:53]}-{hashlib.sha256(address.encode()).hexdigest()[:10]}"


def _graph_value(name: str, value: Value) -> object:
    if name == "phone":
        return [value] if value else []
    return value or None if isinstance(value, str) else value


def _not_there_yet(refused: Refused) -> bool:
    """A replica that has not heard of the account."""
    return refused.status == 404


def _domain_too_new(refused: Refused) -> bool:
    """What a replica answers that has not heard of the domain's verification."""
    return refused.says("One or more property values specified are invalid")


def _name_taken(refused: Refused) -> bool:
    return refused.says("same value for property userPrincipalName")


def _password_rejected(refused: Refused) -> bool:
    return refused.says("password does not comply")
