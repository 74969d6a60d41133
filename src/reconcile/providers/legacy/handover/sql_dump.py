"""The rows that a handover takes out of a host's database, or changes there, as they were."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from reconcile.providers.legacy.database import Values
from reconcile.providers.legacy.handover.kept_file import KeptFile


@dataclasses.dataclass(frozen=True, slots=True)
class Taken:
    """``rows``: by the name of which statements. ``values``: by column, the first naming the row."""

    rows: str
    domain: str
    values: Values

    @property
    def name(self) -> str:
        return str(next(iter(self.values.values()), ""))

    @property
    def identity(self) -> tuple[str, str, str]:
        return self.rows, self.domain, self.name


class SqlDump(KeptFile):
    def read(self, federation: str) -> tuple[Taken, ...] | None:
        """None when nothing is kept. Raises Problem HOV11 when it does not read."""
        return self.read_as(federation, _taken)

    def keep(self, federation: str, rows: Sequence[Taken]) -> None:
        """Durable when it returns. Raises Problem HOV11; nothing was taken out then."""
        self.write(federation, {"rows": [dataclasses.asdict(row) for row in rows]})


def merged(before: Sequence[Taken] | None, rows: Sequence[Taken]) -> tuple[Taken, ...]:
    """What is kept already, and whatever a panel put back since: each row once, as it was first seen."""
    kept = {row.identity: row for row in (*rows, *(before or ()))}
    order = dict.fromkeys(row.identity for row in (*(before or ()), *rows))
    return tuple(kept[identity] for identity in order)


def _taken(body: Any) -> tuple[Taken, ...]:
    return tuple(Taken(str(one["rows"]), str(one["domain"]), dict(one["values"])) for one in body["rows"])
