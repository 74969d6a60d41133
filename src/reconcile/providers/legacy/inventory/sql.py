"""An inventory from the database a mail host looks its users up in: SQLite or PostgreSQL, read only."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from reconcile.config.inventory.inventory import Aspect, Kind
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import Found, Reading, Scope
from reconcile.providers.legacy.inventory.rows import found_in

_TIMEOUT = 60
_MAILBOX: Kind = "mailbox"
_MAILBOXES: tuple[Aspect, ...] = ("mailboxes",)
_OTHERS: tuple[Aspect, ...] = ("aliases", "lists", "catch_alls")
_Row = Mapping[str, object]


class SqlDatabase:
    """``database``: SQLite's file, or postgresql://user@host/name. ``mailboxes`` and ``aliases``: queries ("" for none)
    whose columns are named address, login, targets, kind, size, messages, last_used, filters, vacation."""

    name = "sql"

    def __init__(self, database: Path | str, password: str, mailboxes: str, aliases: str) -> None:
        self._database = database
        self._password = password
        self._mailboxes, self._aliases = mailboxes, aliases

    def read(self, scope: Scope) -> Reading:
        """Raises Problem INV11 when the database cannot be reached, or refuses a query."""
        found, covers, troubles = list[Found](), set[Aspect](), dict[Aspect, str]()
        with self._connected() as ask:
            for query, kind, aspects in (
                (self._mailboxes, _MAILBOX, _MAILBOXES),
                (self._aliases, None, _OTHERS),
            ):
                if query:
                    rows = ask(query)
                    told = [one for row in rows if (one := found_in(row, kind)) is not None]
                    found += (one for one in told if not one.address or scope.has(one.address))
                    covers.update(aspects)
                    if len(told) < len(rows):
                        troubles[aspects[0]] = Phrase(
                            "{number} of its addresses are malformed", number=len(rows) - len(told)
                        )
        return Reading(tuple(found), frozenset(covers), troubles)

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Any]:
        where = self._database
        with self._sqlite(where) if isinstance(where, Path) else self._postgres(where) as connection:

            def ask(query: str) -> Sequence[_Row]:
                try:
                    cursor = connection.execute(query)
                    names = [column[0] for column in cursor.description or ()]
                    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
                except sqlite3.Error as error:
                    raise self._refused(str(error), query) from None
                except Exception as error:
                    if type(error).__module__.partition(".")[0] != "psycopg":
                        raise
                    raise self._refused(str(error).partition("\n")[0], query) from None
                if "address" not in names and "login" not in names:
                    raise self._refused(Phrase("it gives no column named address"), query)
                return rows

            yield ask

    @contextlib.contextmanager
    def _sqlite(self, path: Path) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=_TIMEOUT)
        except sqlite3.Error as error:
            raise Problem(
                "INV11", Phrase("Cannot open the database {path}: {error}.", path=path, error=error), _REACH
            ) from None
        try:
            yield connection
        finally:
            connection.close()

    @contextlib.contextmanager
    def _postgres(self, url: str) -> Iterator[Any]:
        try:
            import psycopg
        except ImportError:
            raise Problem(
                "INV11", "Reading PostgreSQL needs a package that is not installed.", "pip install reconcile[stores]"
            ) from None
        options = f"-c default_transaction_read_only=on -c statement_timeout={_TIMEOUT * 1000}"
        try:
            connection = psycopg.connect(url, password=self._password or None, connect_timeout=20, options=options)
        except psycopg.Error as error:
            why = str(error).strip().partition("\n")[0]
            raise Problem(
                "INV11", Phrase("Cannot reach the database {shown}: {why}.", shown=self._shown, why=why), _REACH
            ) from None
        with contextlib.closing(connection):
            yield connection

    @property
    def _shown(self) -> str:
        if isinstance(self._database, Path):
            return str(self._database)
        parts = urlsplit(self._database)
        return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"

    def _refused(self, why: str, query: str) -> Problem:
        which = "mailboxes" if query == self._mailboxes else "aliases"
        message = Phrase(
            "The database {shown} refuses the query for {which}: {why}.", shown=self._shown, which=which, why=why
        )
        return Problem("INV11", message, "correct the query in [legacy.NAME.inventory.sql]")


_REACH = "check the address, and that this user may read"
