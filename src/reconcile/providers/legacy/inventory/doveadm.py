"""An inventory from Dovecot 2.3 or 2.4: its mailboxes, their sizes and messages, their Sieve scripts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from reconcile.config.inventory.inventory import Aspect
from reconcile.language.lists import first_of
from reconcile.language.phrase import Phrase
from reconcile.providers.legacy.inventory.contract import Found, Reading, Scope, clean_address, clean_count, clean_text
from reconcile.providers.legacy.inventory.doveadm_api import DoveadmApi, Refused
from reconcile.providers.legacy.inventory.sieve import SieveFacts, read_sieve

_SIDE_BY_SIDE = 8
_NAMED = 5  # logins named in a reason

_Rows = Sequence[Mapping[str, Any]]


@dataclasses.dataclass(frozen=True, slots=True)
class _Filters:
    names: tuple[str, ...]
    vacation: bool | None  # None: a script could not be read
    redirects: tuple[str, ...]


class Doveadm:
    """What the doveadm HTTP API tells. Aliases are not Dovecot's business: they are where mail is delivered from."""

    name = "doveadm"

    def __init__(self, api: DoveadmApi) -> None:
        self._api = api

    def read(self, scope: Scope) -> Reading:
        """Raises Problem INV13 when the API cannot be reached, or does not take the key."""
        troubles: dict[Aspect, str] = {}
        logins, listed = self._logins(scope, troubles)
        sizes = self._sizes(scope, logins, troubles)
        filters = self._filters(scope, logins, troubles)
        found = tuple(_found(login, scope, sizes.get(login), filters.get(login)) for login in logins)
        return Reading(found, frozenset({"mailboxes"} if listed else ()), troubles)

    def _logins(self, scope: Scope, troubles: dict[Aspect, str]) -> tuple[list[str], bool]:
        """Every login but those of other domains, and whether that is all of them.

        Without iterate_query a Dovecot on SQL lists nobody: then it is asked about those known so far.
        """
        try:
            users = self._api.ask("user", userMask=["*"])["userList"]
            listed = {login for one in users if _askable(login := clean_text(one).lower())}
        except (Refused, KeyError, TypeError) as refused:
            troubles["mailboxes"] = Phrase(
                "it lists no users ({refused}): Dovecot wants an iterate_query for that", refused=refused
            )
            return sorted(filter(_askable, scope.logins)), False
        return sorted(one for one in listed if scope.address_of(one) or not clean_address(one)), True

    def _sizes(self, scope: Scope, logins: Sequence[str], troubles: dict[Aspect, str]) -> dict[str, tuple[int, int]]:
        """Messages and bytes of each mailbox that Dovecot can open.

        One it cannot open shows no folder and no error, like one that never received anything: only asking for its
        INBOX tells them apart.
        """
        told = self._of_each("mailboxStatus", scope, logins, field=["messages", "vsize"], mailboxMask=["*"])
        silent = [login for login in logins if not told[login]]
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            opened = dict(zip(silent, pool.map(self._opens, silent), strict=True))
        if closed := [login for login, opens in opened.items() if not opens]:
            troubles["sizes"] = troubles["messages"] = Phrase(
                "it cannot open {logins}", logins=first_of(closed, _NAMED)
            )
        return {login: _summed(told[login] or ()) for login in logins if login not in closed}

    def _opens(self, login: str) -> bool:
        try:
            return bool(self._api.ask("mailboxStatus", user=login, field=["messages"], mailboxMask=["INBOX"]))
        except Refused:
            return False

    def _filters(self, scope: Scope, logins: Sequence[str], troubles: dict[Aspect, str]) -> dict[str, _Filters]:
        """What the active scripts of each login do."""
        try:
            told = self._of_each("sieveList", scope, logins)
        except Refused:
            troubles["filters"] = Phrase("this Dovecot has no Sieve for doveadm")
            return {}
        if closed := [login for login in logins if told[login] is None]:
            troubles["filters"] = Phrase("it does not tell those of {logins}", logins=first_of(closed, _NAMED))
        active = {login: _active(rows) for login, rows in told.items() if rows is not None}
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            return dict(zip(active, pool.map(self._scripts, active, active.values()), strict=True))

    def _scripts(self, login: str, names: Sequence[str]) -> _Filters:
        facts = list[SieveFacts]()
        for name in names:
            try:
                rows = self._api.ask("sieveGet", user=login, scriptname=name)
                facts.append(read_sieve(str(rows[0]["sieve script"])))
            except (Refused, LookupError, TypeError):
                return _Filters(tuple(names), None, ())
        vacation = any(fact.vacation for fact in facts)
        return _Filters(tuple(names), vacation, tuple(address for fact in facts for address in fact.redirects))

    def _of_each(
        self, command: str, scope: Scope, logins: Sequence[str], **parameters: object
    ) -> dict[str, _Rows | None]:
        """A command's rows by login: whole domains at once, then each login that no domain answered for.

        None for a login the command failed for. Raises Refused when Dovecot has no such command.
        """
        told: dict[str, _Rows | None] = {}
        for domain in scope.domains:
            members = [login for login in logins if login.endswith(f"@{domain}")]
            if members and (rows := self._rows(command, user=f"*@{domain}", **parameters)) is not None:
                told |= {login: [row for row in rows if str(row.get("username")).lower() == login] for login in members}
        alone = [login for login in logins if login not in told]
        ask: Callable[[str], _Rows | None] = lambda login: self._rows(command, user=login, **parameters)  # noqa: E731
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            return told | dict(zip(alone, pool.map(ask, alone), strict=True))

    def _rows(self, command: str, **parameters: object) -> _Rows | None:
        try:
            rows = self._api.ask(command, **parameters)
        except Refused as refused:
            if refused.unknown:
                raise
            return None
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else None


def _askable(login: str) -> bool:
    """A login that doveadm does not take for a mask of several."""
    return bool(login) and not re.search(r"[*?]", login)


def _summed(rows: _Rows) -> tuple[int, int]:
    """Messages and bytes of all folders."""
    messages, size = (sum(clean_count(row.get(field)) or 0 for row in rows) for field in ("messages", "vsize"))
    return messages, size


def _active(rows: _Rows) -> list[str]:
    return [name for row in rows if row.get("active") == "ACTIVE" and (name := clean_text(row.get("script")))]


def _found(login: str, scope: Scope, sums: tuple[int, int] | None, filters: _Filters | None) -> Found:
    return Found(
        address=scope.address_of(login),
        kind="mailbox",
        login=login,
        targets=filters.redirects if filters else (),
        size=sums[1] if sums else None,
        messages=sums[0] if sums else None,
        filters=filters.names if filters else None,
        vacation=filters.vacation if filters else None,
    )
