"""The database a mail host looks its users or its domains up in, changed in transactions: SQLite or PostgreSQL."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlsplit

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

_TIMEOUT = 30

#: A row's values, by column: what JSON keeps exactly.
Values = Mapping[str, str | int | float | None]


class Ask(Protocol):
    """One statement: how many rows it changed, and those that came back."""

    def __call__(self, statement: str, values: Values) -> tuple[int, list[dict[str, object]]]: ...


class Database:
    """``place``: SQLite's file, or postgresql://user@host/name. ``code`` and ``table`` are those of the problems it
    raises: an error code, and the table of reconcile.toml to mend."""

    def __init__(self, place: Path | str, password: str, code: str, table: str) -> None:
        self._place = place
        self._password = password
        self._code = code
        self._mend = Phrase("mend {table}; nothing was changed", table=table)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Ask]:
        """Kept when the block ends well, taken back otherwise. Raises ``Problem`` of our code when the database cannot
        be reached, refuses a statement, or does not say whether it kept them."""
        with self._sqlite(self._place) if isinstance(self._place, Path) else self._postgres(self._place) as connection:

            def ask(statement: str, values: Values) -> tuple[int, list[dict[str, object]]]:
                try:
                    cursor = self._execute(connection, statement, values)
                    names = [column[0] for column in cursor.description or ()]
                    rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()] if names else []
                except (sqlite3.Error, _psycopg_error()) as error:
                    raise self.problem(
                        Phrase("it refuses a statement: {first_line}", first_line=_first_line(error))
                    ) from None
                return cursor.rowcount, rows

            try:
                yield ask
            except BaseException:
                with contextlib.suppress(sqlite3.Error, _psycopg_error()):
                    connection.rollback()
                raise
            try:
                connection.commit()
            except (sqlite3.Error, _psycopg_error()) as error:
                # It may have kept all of it, and the answer was lost.
                why = Phrase("it did not say whether it kept what was changed: {why}", why=_first_line(error))
                raise self.problem(why, Phrase("apply again: what it holds is looked at first")) from None

    def kept(self, row: Mapping[str, object], query: str) -> Values:
        """The row, where JSON keeps each value exactly. Raises ``Problem`` of our code for a date, a blob and the like;
        ``query`` is the setting that gave it."""
        values: dict[str, str | int | float | None] = {}
        for name, value in row.items():
            if not isinstance(value, str | int | float | None):
                why = Phrase("the column {name} of {query} is no text and no number", name=name, query=query)
                raise self.problem(why, Phrase("cast it in the query"))
            values[name] = value
        return values

    def problem(self, why: str, hint: str = "") -> Problem:
        """Something about this database, which is named without its user."""
        shown = str(self._place)
        if not isinstance(self._place, Path):
            parts = urlsplit(self._place)
            shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
        return Problem(
            self._code, Phrase("The old host's database {shown}: {why}.", shown=shown, why=why), hint or self._mend
        )

    def _execute(self, connection: Any, statement: str, values: Values) -> Any:
        """Values are bound, never written into a statement; a word after a colon that is no value stays as it is."""
        named = re.compile(r"(?<![:\w]):(" + "|".join(map(re.escape, values)) + r")\b")
        used = {match[1]: values[match[1]] for match in named.finditer(statement)}
        if isinstance(self._place, Path):
            return connection.execute(statement, used)
        return connection.execute(named.sub(r"%(\1)s", statement.replace("%", "%%")), used)

    @contextlib.contextmanager
    def _sqlite(self, file: Path) -> Iterator[Any]:
        try:
            connection = sqlite3.connect(f"file:{quote(str(file))}?mode=rw", uri=True, timeout=_TIMEOUT)
        except sqlite3.Error as error:
            raise self.problem(Phrase("it cannot be opened: {error}", error=error)) from None
        with contextlib.closing(connection):
            yield connection

    @contextlib.contextmanager
    def _postgres(self, url: str) -> Iterator[Any]:
        try:
            import psycopg
        except ImportError:
            raise self.problem(Phrase("a package is missing"), Phrase("pip install reconcile[stores]")) from None
        options = f"-c statement_timeout={_TIMEOUT * 1000}"
        try:
            connection = psycopg.connect(url, password=self._password or None, connect_timeout=20, options=options)
        except psycopg.Error as error:
            raise self.problem(Phrase("it cannot be reached: {first_line}", first_line=_first_line(error))) from None
        with contextlib.closing(connection):
            yield connection


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
