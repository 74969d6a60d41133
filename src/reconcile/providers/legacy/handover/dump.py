"""The rows that a handover takes out of a host's tables, as they were: written durably before any is taken out, gone
once they are back. They cannot be had from anywhere else."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from reconcile.problem import Problem
from reconcile.state.durable import PRIVATE_FILE, private_folder, read_own, replace_file

_FORMAT = 1


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


class Dump:
    """``folder/<federation>/<host>.json``."""

    def __init__(self, folder: Path, host: str) -> None:
        self._folder = folder
        self._host = host

    def read(self, federation: str) -> Dumped | None:
        """None when nothing is kept. Raises Problem HOV11 when it does not read."""
        file = self._file(federation)
        if not file.exists():
            return None
        try:
            body = json.loads(read_own(file))
            if body["format"] != _FORMAT:
                raise ValueError
            taken = tuple(Row(str(one["file"]), int(one["line"]), str(one["text"])) for one in body["taken"])
            return Dumped(taken, tuple(map(str, body["given"])))
        except (Problem, OSError, ValueError, TypeError, KeyError):
            hint = "put the file back from a copy of the state; the old host was left as it is"
            raise Problem("HOV11", f"What the old host had before the handover does not read: {file}.", hint) from None

    def keep(self, federation: str, dumped: Dumped) -> None:
        """Durable when it returns. Raises Problem HOV11; nothing was taken out then."""
        file = self._file(federation)
        body = {
            "format": _FORMAT,
            "taken": [dataclasses.asdict(row) for row in dumped.taken],
            "given": list(dumped.given),
        }
        try:
            private_folder(file.parent)
            replace_file(file, json.dumps(body, indent=1, ensure_ascii=True).encode(), PRIVATE_FILE)
        except (Problem, OSError) as error:
            why = error.message if isinstance(error, Problem) else f"{file}: {error.strerror}."
            raise Problem("HOV11", f"What the old host has cannot be kept: {why}", "nothing was handed over") from None

    def forget(self, federation: str) -> None:
        self._file(federation).unlink(missing_ok=True)

    def _file(self, federation: str) -> Path:
        return self._folder / quote(federation, safe="") / f"{quote(self._host, safe='')}.json"


def merged(before: Dumped | None, rows: Sequence[Row], given: Sequence[str]) -> Dumped:
    """What is kept already, and whatever a panel put back since: each row once, as it was first seen."""
    old = before or Dumped()
    known = {(row.file, row.text) for row in old.taken}
    more = tuple(row for row in rows if (row.file, row.text) not in known)
    return Dumped((*old.taken, *more), tuple(dict.fromkeys((*old.given, *given))))
