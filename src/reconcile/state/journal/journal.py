"""The journal of one run: an intent made durable before each write, an outcome after. It is also the audit record.

A run *opens* a federation's snapshot, then journals what it does to it; the snapshot itself is saved now and then.
What a crash kept out of the snapshot is found again in the journal: see replay.py.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from reconcile.clock import Clock
from reconcile.language.made_of import made_of
from reconcile.problem import Problem
from reconcile.resources.address import Address
from reconcile.state.durable import fsync_folder, open_private, private_folder, unwritable
from reconcile.state.journal.journals import sessions
from reconcile.state.snapshot.snapshot import Record, Snapshot, record_as_json
from reconcile.state.snapshot.upgrades import FORMAT


def new_run_id(clock: Clock, token: str) -> str:
    """An id that sorts by time: ``20260330T160000Z-5f3a9c``. ``token`` is the random part."""
    return f"{clock.now():%Y%m%dT%H%M%SZ}-{token}"


class Journal:
    """``<folder>/<run id>.jsonl``, append-only. Many threads may write to it; each line is on the disk before its
    method returns. Every method raises Problem STA01 or STA06 when the line cannot be kept; nothing half-written stays.
    """

    def __init__(self, path: Path, descriptor: int, clock: Clock) -> None:
        """Use ``create``."""
        self.path = path
        self.run = path.stem
        self._descriptor = descriptor
        self._clock = clock
        self._length = 0
        self._durable = 0
        self._broken: Problem | None = None
        self._open: set[Address] = set()
        self._sequences: dict[str, int] | None = None
        self._writing = threading.Lock()
        self._syncing = threading.Lock()

    @classmethod
    def create(cls, folder: Path, run: str, header: Mapping[str, object], clock: Clock) -> Self:
        """Begin a run's journal. ``header``: who, from which commit, with which plan: nothing secret."""
        path = folder / f"{run}.jsonl"
        try:
            private_folder(folder)
            descriptor = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            fsync_folder(folder)
        except OSError as error:
            raise unwritable(path, error) from None
        journal = cls(path, descriptor, clock)
        try:
            journal._append("run", {**header, "format": FORMAT, "run": run})
        except Problem:
            journal.close()
            path.unlink(missing_ok=True)
            raise
        return journal

    def opens(self, snapshot: Snapshot) -> Snapshot:
        """Take a federation's snapshot in hand, its lock being held; work on the snapshot this returns.

        Nothing may be journalled on a federation before this. What tells which session came later is its number, not
        the time: a clock may have been set back meanwhile.
        """
        if self._sequences is None:
            self._sequences = {
                slug: max(session.sequence for session in known) for slug, known in sessions(self.path.parent).items()
            }
        sequence = self._sequences[snapshot.federation] = self._sequences.get(snapshot.federation, 0) + 1
        opened = {"federation": snapshot.federation, "lineage": snapshot.lineage, "serial": snapshot.serial}
        self._append("opens", {**opened, "sequence": sequence})
        return Snapshot(snapshot.federation, snapshot.lineage, snapshot.serial, snapshot.records, self.run)

    def intent(self, address: Address, action: str, changed: Iterable[str] = ()) -> None:
        """Say what is about to be written, by the names of the fields; call before the write."""
        self._append("intent", {"address": str(address), "action": action, "changed": sorted(changed)})
        self._open.add(address)

    def outcome(
        self,
        address: Address,
        action: str,
        result: Literal["done", "failed"],
        record: Record | None = None,
        *,
        error: Problem | None = None,
        seconds: float = 0.0,
        request_id: str = "",
    ) -> None:
        """Say what came of it. Done: ``record`` is what the snapshot now holds for the address, None when it holds
        nothing any more. Failed, with its ``error``: the snapshot keeps what it had.

        Raises ValueError on a sensitive field.
        """
        entry: dict[str, object] = {"address": str(address), "action": action, "result": result}
        if result == "done":
            entry["record"] = None if record is None else record_as_json(record)
        else:
            entry["error"] = _said(error) if error else {"code": "", "message": ""}
        if request_id:
            entry["request_id"] = request_id
        self._append("outcome", {**entry, "seconds": round(seconds, 3)})
        self._open.discard(address)

    def waits(self, federation: str) -> bool:
        """Whether an intent on this federation has no outcome yet."""
        return any(address.federation == federation for address in tuple(self._open))

    def end(self, tally: Mapping[str, int]) -> None:
        """Close the account, once every snapshot is saved: done, failed, skipped, not started.

        The line also counts the intents that are left open.
        """
        self._append("end", {"open": len(self._open), "tally": dict(tally)})

    def close(self) -> None:
        """Let the file go; a second call does nothing."""
        with self._syncing, self._writing:
            if self._descriptor >= 0:
                os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _append(self, event: str, entry: Mapping[str, object]) -> None:
        stamped = {"event": event, "at": self._clock.now().isoformat(timespec="microseconds"), **entry}
        line = (json.dumps(stamped, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
        with self._writing:
            end = self._written(line)
        # Whoever waited here while another thread was at it finds its own line on the disk already.
        with self._syncing:
            if self._durable < end:
                self._make_durable()

    def _written(self, line: bytes) -> int:
        """Write a line after the last; where it ends. What cannot be written whole is taken back."""
        if self._broken is not None:
            raise self._broken
        try:
            done = 0
            while done < len(line):
                done += os.pwrite(self._descriptor, line[done:], self._length + done)
        except OSError as error:
            problem = unwritable(self.path, error)
            try:
                os.ftruncate(self._descriptor, self._length)
            except OSError:
                # What follows could not be told from half a line any more, so nothing may follow. A reader takes an
                # unfinished last line for one that was never written.
                self._broken = problem
            raise problem from None
        self._length += len(line)
        return self._length

    def _make_durable(self) -> None:
        if self._broken is not None:
            raise self._broken
        length = self._length
        try:
            os.fdatasync(self._descriptor)
        except OSError as error:
            # The system may have dropped what it could not write, and will call the next attempt a success.
            self._broken = unwritable(self.path, error)
            raise self._broken from None
        self._durable = length


def _said(error: Problem) -> dict[str, object]:
    """In English, and what that was made of where a reader may be told it in another language."""
    parts = made_of(error.message)
    return {"code": error.code, "message": error.message, **({"made_of": parts} if parts else {})}
