"""First passwords on accounts that exist: which entry of the vault each names, and setting another."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.microsoft.reading.records import USER_SELECT, User, known_user, stamp
from reconcile.providers.microsoft.wire.paths import segment
from reconcile.providers.microsoft.wire.refusals import Refused, explained
from reconcile.providers.microsoft.writing.mailbox.accounts import PASSWORDS, NewPassword, password_profile
from reconcile.providers.microsoft.writing.read_back import AGREEING, until
from reconcile.providers.microsoft.writing.services import Surfaces, changed_since, disagrees
from reconcile.resources.address import Address

#: Seconds until every replica of the directory shows what was set.
TIMEOUT = 300.0


class FirstPasswordAccounts:
    """The accounts of people, as far as their first passwords go."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._graph = surfaces.graph
        self._clock = surfaces.clock
        self._watch = surfaces.watch

    def entries(self, federation: str, addresses: Collection[str]) -> Mapping[str, str | None]:
        """The vault's entry that each account names: "" for one that is not ours or came with a password of its own,
        None for one that does not exist. Raises ``Problem`` M365-… when that cannot be told of one of them."""
        select = ",".join(USER_SELECT)
        ordered = sorted(addresses)
        answers = self._graph.many([f"/users/{segment(one)}?$select={select}" for one in ordered])
        found: dict[str, str | None] = {}
        for address, answer in zip(ordered, answers, strict=True):
            account = Address(federation, "credentials", address)
            user = known_user(answer)
            if isinstance(user, Refused):
                raise explained(user, account)
            found[address] = None if user is None else user.entry if user.stamp == stamp(account) else ""
        return found

    def reset(self, account: Address, names: Collection[str], password: NewPassword) -> None:
        """Give the account a new password, sealed before, and end its sessions. Raises ``Problem`` M365-…: M365-15 when
        it is not ours or not there."""
        user = self._ours(account)
        try:
            entry = self._set(account, user, names, password)
            self._graph.act(f"/users/{segment(user.id)}/revokeSignInSessions", {})
        except Refused as refused:
            raise explained(refused, account) from None

        def shown() -> bool | None:
            now = self._watch.user(user.id)
            return True if now and now.entry == entry else None

        if until(self._clock, shown, TIMEOUT, agreeing=AGREEING) is None:
            raise disagrees(account, Phrase("its password"))

    def _set(self, account: Address, user: User, names: Collection[str], password: NewPassword) -> str:
        attempt = 0
        while True:
            attempt += 1
            secret = password(account, names)
            try:
                self._graph.change(f"/users/{segment(user.id)}", password_profile(secret))
            except Refused as refused:
                if attempt == PASSWORDS or not refused.says("password does not comply"):
                    raise
            else:
                return secret.entry

    def _ours(self, account: Address) -> User:
        try:
            user = self._watch.user(account.key)
        except Refused as refused:
            raise explained(refused, account) from None
        if user is None or user.stamp != stamp(account):
            raise (
                changed_since(account, Phrase("no account of ours has this address"))
                if user
                else Problem(
                    "M365-17",
                    Phrase("{key}: the tenant knows no such account.", key=account.key),
                    "create it first: reconcile apply",
                )
            )
        return user
