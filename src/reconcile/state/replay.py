"""What the journals know and the snapshot does not: outcomes a crash kept out, and intents nobody saw the end of.

A run's *session* on a federation goes from its opening of the snapshot to the end of its journal. Sessions on one
federation never overlap (the lock), and each begins by replaying the one before. So a session's outcomes can only be
missing from a snapshot that is still the one it opened (same serial) or that it saved itself on the way (``run``).
Putting them in again where they already are changes nothing. Whoever changes a snapshot replays it first.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from reconcile.resources.address import Address
from reconcile.state.durable import unreadable
from reconcile.state.snapshot import Record, Snapshot, damaged, record_from_json
from reconcile.state.store import check_swap, overtaken


@dataclasses.dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to be made. Whether it was is for the outside system to tell."""

    run: str
    at: str
    address: Address
    action: str
    changed: tuple[str, ...] = ()


def replay(snapshot: Snapshot, folder: Path) -> tuple[Snapshot, tuple[Intent, ...]]:
    """The snapshot with every confirmed outcome in it, and the intents that remain unsettled. Hold the lock.

    A snapshot that was never written (serial 0) is rebuilt from all the journals there are. Raises Problem STA02
    when a journal is damaged elsewhere than in its unfinished last line, STA06 when one cannot be read.
    """
    sessions = _sessions(folder, snapshot.federation)
    records = dict(snapshot.records)
    for session in sessions:
        if session.may_be_missing_from(snapshot):
            for step in session.steps:
                if isinstance(step, _Outcome) and step.record is not None:
                    records[step.address] = step.record
                elif isinstance(step, _Outcome) and step.done:
                    records.pop(step.address, None)
    # No run's name on it any more: should it be written before it is opened, older runs must not be put in again.
    return dataclasses.replace(snapshot, records=records, run=""), tuple(_without_outcome(sessions))


def check_current(planned: Snapshot, stored: Snapshot | None, folder: Path) -> None:
    """Raise Problem STA04 unless ``planned``, replayed before the lock was held, is still all there is to know.

    A run may have begun and died since: its outcomes are in its journal, and the stored serial has not moved.
    """
    check_swap(stored, planned)
    now, _ = replay(stored or Snapshot(planned.federation, ""), folder)
    if now.records != planned.records:
        raise overtaken(planned, "the same serial, with the journal of a run that died since")


def unsettled(folder: Path, federation: str) -> list[Intent]:
    """Intents on this federation that have no outcome, in their own run or a later one. An outcome settles them."""
    return _without_outcome(_sessions(folder, federation))


@dataclasses.dataclass(frozen=True, slots=True)
class _Outcome:
    address: Address
    done: bool
    record: Record | None


@dataclasses.dataclass(slots=True)
class _Session:
    run: str
    at: str
    lineage: str
    serial: int
    steps: list[Intent | _Outcome] = dataclasses.field(default_factory=list)

    def may_be_missing_from(self, snapshot: Snapshot) -> bool:
        if snapshot.serial == 0:
            return True
        return self.lineage == snapshot.lineage and (self.run == snapshot.run or self.serial == snapshot.serial)


def _without_outcome(sessions: list[_Session]) -> list[Intent]:
    waiting: dict[Address, Intent] = {}
    for session in sessions:
        for step in session.steps:
            if isinstance(step, Intent):
                waiting[step.address] = step
            else:
                waiting.pop(step.address, None)
    return list(waiting.values())


def _sessions(folder: Path, federation: str) -> list[_Session]:
    found = [session for path in sorted(folder.glob("*.jsonl")) for session in _sessions_of(path, federation)]
    return sorted(found, key=lambda session: session.at)


def _sessions_of(path: Path, federation: str) -> Iterator[_Session]:
    session: _Session | None = None
    for line in _lines_about(path, federation):
        try:
            entry = json.loads(line)
            if entry["event"] == "opens":
                if session is not None:
                    yield session
                session = _Session(path.stem, entry["at"], entry["lineage"], entry["serial"])
            elif session is not None:
                _add(session, entry)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise damaged(path, f"a line about {federation} makes no sense") from None
    if session is not None:
        yield session


def _add(session: _Session, entry: Mapping[str, object]) -> None:
    if entry["event"] not in ("intent", "outcome"):
        return
    address = Address.parse(str(entry["address"]))
    if entry["event"] == "intent":
        changed = entry["changed"]
        names = tuple(changed) if isinstance(changed, list) else ()
        session.steps.append(Intent(session.run, str(entry["at"]), address, str(entry["action"]), names))
        return
    done = entry["result"] == "done"
    recorded = entry["record"] if done else None
    record = record_from_json(address, recorded) if isinstance(recorded, dict) else None
    session.steps.append(_Outcome(address, done, record))


def _lines_about(path: Path, federation: str) -> list[bytes]:
    """The whole lines that concern a federation, in order. What follows the last newline was never confirmed."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    name = json.dumps(federation, ensure_ascii=False).encode()
    whole = data.rfind(b"\n") + 1
    # Searching for bytes is some thirty times cheaper than parsing every line for every federation.
    starts = {
        data.rfind(b"\n", 0, found) + 1
        for mark in (b'"federation":' + name, b'"address":' + name[:-1] + b"/")
        for found in _places(mark, data, whole)
    }
    return [data[start : data.index(b"\n", start)] for start in sorted(starts)]


def _places(mark: bytes, data: bytes, end: int) -> Iterator[int]:
    found = data.find(mark, 0, end)
    while found >= 0:
        yield found
        found = data.find(mark, found + 1, end)
