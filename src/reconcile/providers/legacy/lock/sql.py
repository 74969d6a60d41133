"""Locking in the database a mail host looks its users up in: SQLite or PostgreSQL, one transaction a federation."""

from __future__ import annotations

import contextlib
import re
import secrets
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from reconcile.problem import Problem
from reconcile.providers.legacy.lock.kept import Kept, Values

_TIMEOUT = 30


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
        self._database = database
        self._password = password
        self._statements = statements
        self._kept = kept

    def locked(self, federation: str, logins: Sequence[str]) -> frozenset[str]:
        """Raises Problem LCK11 when the database cannot be reached, or refuses the query."""
        with self._connected() as ask:
            return frozenset(
                login for login in logins if self._kept.has(federation, login) and self._is_locked(ask, login)
            )

    def lock(self, federation: str, logins: Sequence[str]) -> None:
        """All of them or none. Raises Problem LCK11, or LCK12 when what was cannot be kept."""
        with self._connected() as ask:
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
        with self._connected() as ask:
            for login in ours:
                values = {**self._kept.opened(federation, login), "login": login}
                self._changed_one(ask, "unlock", self._statements.unlock, values)
        for login in ours:  # only now is it in the database for good
            self._kept.forget(federation, login)

    def _is_locked(self, ask: Any, login: str) -> bool:
        return bool(ask(self._statements.locked, {"login": login})[1])

    def _before(self, ask: Any, login: str) -> Values:
        _, rows = ask(self._statements.keep, {"login": login})
        if len(rows) != 1:
            what = f"{len(rows)} rows" if rows else "no row"
            raise self._problem(f"keep gives {what} for {login}", "it must give one: is the login the database's?")
        values: dict[str, str | int | float | None] = {}
        for name, value in rows[0].items():
            if not isinstance(value, str | int | float | None):
                raise self._problem(f"the column {name} of keep is no text and no number", "cast it in the query")
            values[name] = value
        return values

    def _changed_one(self, ask: Any, which: str, statement: str, values: Values) -> None:
        changed, _ = ask(statement, values)
        if changed != 1:
            hint = f"the statement {which} must change the one row of its login; nothing was changed"
            raise self._problem(f"{which} changes {changed} rows for {values['login']}", hint)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        """One transaction: kept when the block ends well, taken back otherwise."""
        with self._sqlite() if isinstance(self._database, Path) else self._postgres() as connection:

            def ask(statement: str, values: Mapping[str, object]) -> tuple[int, list[dict[str, object]]]:
                """How many rows were changed, and those that came back."""
                try:
                    cursor = self._execute(connection, statement, values)
                    names = [column[0] for column in cursor.description or ()]
                    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()] if names else []
                except (sqlite3.Error, _psycopg_error()) as error:
                    raise self._problem(f"it refuses a statement: {_first_line(error)}", _MEND) from None
                return cursor.rowcount, rows

            try:
                yield ask
                connection.commit()
            except (sqlite3.Error, _psycopg_error()) as error:
                raise self._problem(_first_line(error), _MEND) from None
            except BaseException:
                with contextlib.suppress(sqlite3.Error, _psycopg_error()):
                    connection.rollback()
                raise

    def _execute(self, connection: Any, statement: str, values: Mapping[str, object]) -> Any:
        """Values are bound, never written into a statement; a word after a colon that is no value stays as it is."""
        named = re.compile(r"(?<![:\w]):(" + "|".join(map(re.escape, values)) + r")\b")
        used = {match[1]: values[match[1]] for match in named.finditer(statement)}
        if isinstance(self._database, Path):
            return connection.execute(statement, used)
        return connection.execute(named.sub(r"%(\1)s", statement.replace("%", "%%")), used)

    @contextlib.contextmanager
    def _sqlite(self) -> Iterator[Any]:
        try:
            connection = sqlite3.connect(f"file:{quote(str(self._database))}?mode=rw", uri=True, timeout=_TIMEOUT)
        except sqlite3.Error as error:
            raise self._problem(f"it cannot be opened: {error}", _MEND) from None
        with contextlib.closing(connection):
            yield connection

    @contextlib.contextmanager
    def _postgres(self) -> Iterator[Any]:
        try:
            import psycopg
        except ImportError:
            raise self._problem("a package is missing", "pip install reconcile[stores]") from None
        options = f"-c statement_timeout={_TIMEOUT * 1000}"
        try:
            connection = psycopg.connect(
                str(self._database), password=self._password or None, connect_timeout=20, options=options
            )
        except psycopg.Error as error:
            raise self._problem(f"it cannot be reached: {_first_line(error)}", _MEND) from None
        with contextlib.closing(connection):
            yield connection

    def _problem(self, why: str, hint: str) -> Problem:
        shown = str(self._database)
        if not isinstance(self._database, Path):
            parts = urlsplit(self._database)
            shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
        return Problem("LCK11", f"The old host's database {shown}: {why}.", hint)


_MEND = "mend [legacy.NAME.lock.sql]; nothing was changed"


def _nothing_opens_this() -> str:
    """No scheme of Dovecot's, and no hash crypt(3) gives: every password is wrong, and no two logins look alike."""
    return f"!{secrets.token_urlsafe(18)}"


def _psycopg_error() -> type[Exception]:
    """psycopg's own, where it is installed."""
    try:
        import psycopg
    except ImportError:
        return sqlite3.Error
    return psycopg.Error


def _first_line(error: Exception) -> str:
    """Without the statement's values, which databases quote in the lines below."""
    return (str(error).strip().partition("\n")[0] or type(error).__name__)[:200]
