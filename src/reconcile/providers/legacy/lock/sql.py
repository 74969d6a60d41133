"""Locking in the database a mail host looks its users up in: SQLite or PostgreSQL, one transaction a federation."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from reconcile.language.phrase import Phrase
from reconcile.providers.legacy.database import Ask, Database, Values
from reconcile.providers.legacy.lock.kept import Kept


class Statements(Protocol):
    """``:login`` is bound in each; ``:secret`` in ``lock``; what ``keep`` gave in ``unlock``, by column."""

    @property
    def locked(self) -> str: ...
    @property
    def keep(self) -> str: ...
    @property
    def lock(self) -> str: ...
    @property
    def unlock(self) -> str: ...


class SqlLock:
    """``database``: SQLite's file, or postgresql://user@host/name."""

    def __init__(self, database: Path | str, password: str, statements: Statements, kept: Kept) -> None:
        self._database = Database(database, password, "LCK11", "[legacy.NAME.lock.sql]")
        self._statements = statements
        self._kept = kept

    def locked(self, federation: str, logins: Sequence[str]) -> frozenset[str]:
        """Raises Problem LCK11 when the database cannot be reached, or refuses the query."""
        with self._database.transaction() as ask:
            return frozenset(
                login for login in logins if self._kept.has(federation, login) and self._is_locked(ask, login)
            )

    def lock(self, federation: str, logins: Sequence[str]) -> None:
        """All of them or none. Raises Problem LCK11, or LCK12 when what was cannot be kept."""
        with self._database.transaction() as ask:
            for login in logins:
                if not (self._kept.has(federation, login) and self._is_locked(ask, login)):
                    self._kept.keep(federation, login, self._before(ask, login))
            for login in logins:
                values = {"login": login, "secret": _nothing_opens_this()}
                self._changed_one(ask, "lock", self._statements.lock, values)

    def unlock(self, federation: str, logins: Sequence[str]) -> None:
        """All it keeps something of. Raises Problem LCK11, or LCK12 when that cannot be opened."""
        self.release(federation, self._kept.logins(federation))

    def release(self, federation: str, logins: Sequence[str]) -> None:
        """Of these logins, those it keeps something of. Raises Problem LCK11, or LCK12 when that cannot be opened."""
        ours = [login for login in logins if self._kept.has(federation, login)]
        with self._database.transaction() as ask:
            for login in ours:
                values = {**self._kept.opened(federation, login), "login": login}
                self._changed_one(ask, "unlock", self._statements.unlock, values)
        for login in ours:  # only now is it in the database for good
            self._kept.forget(federation, login)

    def _is_locked(self, ask: Ask, login: str) -> bool:
        return bool(ask(self._statements.locked, {"login": login})[1])

    def _before(self, ask: Ask, login: str) -> Values:
        _, rows = ask(self._statements.keep, {"login": login})
        if len(rows) != 1:
            what = Phrase.counted("{number} row", "{number} rows", len(rows)) if rows else Phrase("no row")
            hint = Phrase("it must give one: is the login the database's?")
            raise self._database.problem(Phrase("keep gives {what} for {login}", what=what, login=login), hint)
        return self._database.kept(rows[0], "keep")

    def _changed_one(self, ask: Ask, which: str, statement: str, values: Values) -> None:
        changed, _ = ask(statement, values)
        if changed != 1:
            hint = Phrase(
                "the statement {which} must change the one row of its login; nothing was changed", which=which
            )
            raise self._database.problem(
                Phrase(
                    "{which} changes {changed} rows for {login}", which=which, changed=changed, login=values["login"]
                ),
                hint,
            )


def _nothing_opens_this() -> str:
    """No scheme of Dovecot's, and no hash crypt(3) gives: every password is wrong, and no two logins look alike."""
    return f"!{secrets.token_urlsafe(18)}"
