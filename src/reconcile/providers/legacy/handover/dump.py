"""The rows that a handover takes out of a host's tables, as they were: written durably before any is taken out, gone
once they are back. They cannot be had from anywhere else."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from reconcile.providers.legacy.handover.kept_file import KeptFile


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """``text``: the row byte for byte, with its line's end and the lines that continue it. ``line``: how many lines
    stood before it."""

    file: str
    line: int
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Dumped:
    """``taken``: the rows to put back. ``given``: the domains we had the host relay; the others it relayed before."""

    taken: tuple[Row, ...] = ()
    given: tuple[str, ...] = ()


class Dump(KeptFile):
    def read(self, federation: str) -> Dumped | None:
        """None when nothing is kept. Raises Problem HOV11 when it does not read."""
        return self.read_as(federation, _dumped)

    def keep(self, federation: str, dumped: Dumped) -> None:
        """Durable when it returns. Raises Problem HOV11; nothing was taken out then."""
        taken = [dataclasses.asdict(row) for row in dumped.taken]
        self.write(federation, {"taken": taken, "given": list(dumped.given)})


def merged(before: Dumped | None, rows: Sequence[Row], given: Sequence[str]) -> Dumped:
    """What is kept already, and whatever a panel put back since: each row once, as it was first seen."""
    old = before or Dumped()
    known = {(row.file, row.text) for row in old.taken}
    more = tuple(row for row in rows if (row.file, row.text) not in known)
    return Dumped((*old.taken, *more), tuple(dict.fromkeys((*old.given, *given))))


def _dumped(body: Any) -> Dumped:
    taken = tuple(Row(str(one["file"]), int(one["line"]), str(one["text"])) for one in body["taken"])
    return Dumped(taken, tuple(map(str, body["given"])))
