"""A host whose Postfix looks its domains and aliases up in SQLite or PostgreSQL: one transaction a federation.

What is to be changed is said by the postmaster, table by table (``Statements``); what was there is kept row by row, and
comes back as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from reconcile.language.phrase import Phrase
from reconcile.providers.legacy.database import Ask, Database, Values
from reconcile.providers.legacy.handover.driver import Shown
from reconcile.providers.legacy.handover.reload import reloaded
from reconcile.providers.legacy.handover.sql_dump import SqlDump, Taken, merged

_TABLE = "[legacy.NAME.handover.sql]"


class Statements(Protocol):
    """``:domain`` is bound in each; what ``keep`` gave in the two others, by column, one row each time."""

    @property
    def keep(self) -> str:
        """The rows of a domain that are not handed over; the first column names each, and never two."""
        ...

    @property
    def hand_over(self) -> str:
        """Takes one of them out, or changes it, so that ``keep`` gives it no more."""
        ...

    @property
    def take_back(self) -> str:
        """Puts it back: ``keep`` gives it again, as it was."""
        ...


class SqlTables:
    """``database``: SQLite's file, or postgresql://user@host/name. ``rows``: what is changed, by a name, in this order
    and back in the other. ``reload`` has the host see it; it raises CommandFailed."""

    def __init__(
        self,
        database: Path | str,
        password: str,
        rows: Mapping[str, Statements],
        dump: SqlDump,
        reload: Callable[[], None],
    ) -> None:
        self._database = Database(database, password, "HOV14", _TABLE)
        self._rows = rows
        self._dump = dump
        self._reload = reload

    def shown(self, federation: str, domains: Sequence[str]) -> Shown:
        """Raises Problem HOV14 when the database cannot be asked."""
        with self._database.transaction() as ask:
            left = {row.domain for row in self._left(ask, domains)}
        return Shown(frozenset(domains) - left, self._dump.has(federation))

    def hand_over(self, federation: str, domains: Sequence[str]) -> None:
        """All of it or nothing. Raises Problem HOV11, HOV12, HOV14."""
        with self._database.transaction() as ask:
            found = list(self._left(ask, domains))
            before = self._dump.read(federation)
            if found:
                self._dump.keep(federation, merged(before, found))
            for row in found:
                self._changed_one(ask, "hand_over", row)
            for row in self._left(ask, domains):
                raise self._database.problem(
                    Phrase(
                        "{name} of {domain} is there still after rows.{rows}.hand_over",
                        name=row.name,
                        domain=row.domain,
                        rows=row.rows,
                    ),
                    Phrase("its keep gives what is not handed over yet, and nothing else; nothing was changed"),
                )
        reloaded(self._reload, _TABLE)

    def take_back(self, federation: str, domains: Sequence[str]) -> None:
        """All of it or nothing; what somebody put back already stays as that is. Raises Problem HOV11, HOV12, HOV14."""
        dumped = self._dump.read(federation)
        if dumped is None:
            return
        with self._database.transaction() as ask:
            there = self._there(ask, dumped)
            ours = [row for row in reversed(dumped) if row.identity not in there]
            for row in ours:
                self._changed_one(ask, "take_back", row)
            now = self._there(ask, dumped)
            for row in ours:
                if now.get(row.identity) != row.values:
                    raise self._database.problem(
                        Phrase(
                            "{name} of {domain} is not as it was after rows.{rows}.take_back",
                            name=row.name,
                            domain=row.domain,
                            rows=row.rows,
                        ),
                        Phrase("it must put back each column that keep gives; nothing was changed"),
                    )
        reloaded(self._reload, _TABLE)
        self._dump.forget(federation)

    def redirections(self, federation: str) -> tuple[str, ...]:
        """The names of the kept rows that are addresses; a catch-all's is none."""
        names = (row.name.lower() for row in self._dump.read(federation) or ())
        return tuple(dict.fromkeys(name for name in names if name.partition("@")[0] and "@" in name))

    def _there(self, ask: Ask, dumped: Sequence[Taken]) -> dict[tuple[str, str, str], Values]:
        domains = dict.fromkeys(row.domain for row in dumped)
        return {row.identity: row.values for row in self._left(ask, tuple(domains))}

    def _left(self, ask: Ask, domains: Sequence[str]) -> Iterator[Taken]:
        """What is not handed over, in the order in which it is to be."""
        for rows, statements in self._rows.items():
            query = f"rows.{rows}.keep"
            for domain in domains:
                seen = set[str]()
                for values in ask(statements.keep, {"domain": domain})[1]:
                    row = Taken(rows, domain, self._database.kept(values, query))
                    if row.name in seen:
                        hint = Phrase("its first column names the row: no two of a domain have the same")
                        raise self._database.problem(
                            Phrase(
                                "{query} gives {name} twice for {domain}", query=query, name=row.name, domain=domain
                            ),
                            hint,
                        )
                    seen.add(row.name)
                    yield row

    def _changed_one(self, ask: Ask, which: str, row: Taken) -> None:
        statements = self._rows.get(row.rows)
        if statements is None:
            hint = Phrase(
                "put {table} rows.{rows} back until it is taken back; nothing was changed", table=_TABLE, rows=row.rows
            )
            raise self._database.problem(
                Phrase("reconcile.toml does not say any more how {rows} is put back", rows=row.rows), hint
            )
        statement = statements.hand_over if which == "hand_over" else statements.take_back
        changed, _ = ask(statement, {"domain": row.domain, **row.values})
        if changed != 1:
            hint = Phrase("it must change one row for each that its keep gives; nothing was changed")
            why = Phrase(
                "rows.{rows}.{which} changes {changed} rows for {name} of {domain}",
                rows=row.rows,
                which=which,
                changed=changed,
                name=row.name,
                domain=row.domain,
            )
            raise self._database.problem(why, hint)
