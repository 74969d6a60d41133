"""Where snapshots are kept: read, compare-and-swap, lock. Every store, local or remote, behaves as this page says."""

from __future__ import annotations

import dataclasses
import json
from contextlib import AbstractContextManager
from typing import Protocol

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.strict_json import read_json

#: Exit code of the command when another run is in the way.
STALE_OR_LOCKED = 4


@dataclasses.dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: the run, the person or pipeline, the machine, the process, since when (ISO 8601, UTC)."""

    run: str
    who: str
    host: str
    pid: int
    since: str
    operation: str = "apply"

    def encode(self) -> bytes:
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, sort_keys=True).encode()

    @classmethod
    def decode(cls, data: bytes) -> Holder | None:
        """None when the bytes do not describe a holder (it was caught while writing its name)."""
        try:
            return cls(**read_json(data))
        except (ValueError, TypeError):
            return None

    def __str__(self) -> str:
        return Phrase(
            "{who} on {host} (process {pid}, {operation} {run}, since {since})",
            who=self.who,
            host=self.host,
            pid=self.pid,
            operation=self.operation,
            run=self.run,
            since=self.since,
        )


class Store(Protocol):
    """One snapshot and one lock per federation."""

    def read(self, federation: str) -> Snapshot | None:
        """The stored snapshot, None when there is none yet. Raises Problem STA02, STA03, STA06."""

    def write(self, snapshot: Snapshot) -> Snapshot:
        """Replace the snapshot this one was made from and return it with the next serial.

        Raises Problem STA04 when what is stored has another serial or lineage: somebody else wrote. Raises STA01 or
        STA06 when it cannot be kept. Whatever is raised, the old snapshot is whole.
        """

    def federations(self) -> list[str]:
        """The slugs that have a snapshot, sorted."""

    def lock(self, federation: str, holder: Holder) -> AbstractContextManager[None]:
        """Hold the federation's lock. Entering raises Problem STA05, naming the other, when it is held."""

    def locks(self) -> dict[str, Holder | None]:
        """The federations locked at this moment, and who holds them (None: not known)."""

    def break_lock(self, federation: str, run: str) -> None:
        """Free the lock that a dead ``run`` left. Raises Problem STA09 when that run does not hold it."""


def check_swap(stored: Snapshot | None, snapshot: Snapshot) -> None:
    """Raise Problem STA04 unless ``snapshot`` was made from ``stored``."""
    serial, lineage = (stored.serial, stored.lineage) if stored else (0, snapshot.lineage)
    if snapshot.serial != serial or snapshot.lineage != lineage:
        raise overtaken(snapshot, Phrase("serial {serial}, lineage {lineage}", serial=serial, lineage=lineage[:8]))


def overtaken(snapshot: Snapshot, stored: str) -> Problem:
    """Somebody else wrote the state since it was read."""
    return Problem(
        "STA04",
        Phrase(
            "The state of {federation} was written by somebody else meanwhile: it is now at "
            "{stored}, and this run read serial {serial}, lineage {lineage}.",
            federation=snapshot.federation,
            stored=stored,
            serial=snapshot.serial,
            lineage=snapshot.lineage[:8],
        ),
        "plan again; what this run did is in its journal and will be taken up",
        STALE_OR_LOCKED,
    )


def locked(federation: str, holder: Holder | None) -> Problem:
    """Somebody else holds the federation's lock."""
    by = Phrase("by {holder}", holder=holder) if holder else Phrase("by another run that has just begun")
    return Problem(
        "STA05",
        Phrase("The state of {federation} is locked {by}.", federation=federation, by=by),
        "wait until that run ends, then start again",
        STALE_OR_LOCKED,
    )
