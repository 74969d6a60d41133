"""Where the list of copies and the ledgers are kept, behind one interface: SQLite files or PostgreSQL.

Statements are written in the words both share; ``?`` stands for a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


class Statements(Protocol):
    """One look or one transaction."""

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What a query, or a change with RETURNING, gives."""
        ...

    def change(self, sql: str, *values: object) -> int:
        """How many rows were changed."""
        ...

    def change_each(self, sql: str, rows: Sequence[Sequence[object]]) -> int:
        """The same statement for each row of values; how many rows were changed in all."""
        ...

    def alone(self) -> None:
        """Until the transaction ends no other one gets past this point. What it reads afterwards is then up to date."""
        ...


class Database(Protocol):
    """Raises ``Problem`` COPY04 (cannot be written), COPY05 (damaged, another version), COPY12 (out of reach)."""

    #: How messages call it, without user or password.
    name: str
    #: Ends a SELECT whose rows must not change before the transaction ends.
    locking: str

    def exists(self) -> bool:
        """Whether anything was ever written there."""
        ...

    def looking(self) -> AbstractContextManager[Statements]:
        """To read. Each query sees what is committed by then; nothing is made that was not there."""
        ...

    def changing(self) -> AbstractContextManager[Statements]:
        """One transaction: all of it, or nothing when it is left by an exception."""
        ...

    def close(self) -> None: ...


class DatabaseUnreachable(Problem):
    """The database server does not answer; what was under way may be tried again."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(
            "COPY12",
            Phrase("The database {name} cannot be reached: {why}.", name=name, why=why),
            "is it up? copies go on by themselves once it answers; nothing is copied twice",
        )
