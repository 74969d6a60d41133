"""The journals of a folder, read back by federation, without parsing what cannot matter.

A year's journals are tens of megabytes and a plan asks about a hundred federations, so only the openings are parsed at
first; the lines of one federation in one journal are found by searching for bytes.
"""

from __future__ import annotations

import collections
import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.resources.address import Address
from reconcile.state.durable import files_in, read_own, unreadable
from reconcile.state.snapshot.snapshot import Record, damaged, record_from_json
from reconcile.state.snapshot.upgrades import readable, upgraded
from reconcile.strict_json import read_json

_BEGIN = b'{"event":"'
_OPENS = b'{"event":"opens"'
_END = b'{"event":"end"'


@dataclasses.dataclass(frozen=True, slots=True)
class Intent:
    """A write that was about to be made. Whether it was is for the outside system to tell."""

    run: str
    at: str
    address: Address
    action: str
    changed: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a write: done, with what is recorded from then on (None: nothing any more), or failed."""

    address: Address
    done: bool
    record: Record | None


@dataclasses.dataclass(frozen=True, slots=True)
class Session:
    """A run's work on one federation, from an opening of its snapshot on.

    ``ended``: the run saved its snapshots and closed its account. ``settled``: and every intent has its outcome.
    ``format``: of the records in it.
    """

    path: Path
    place: int  # among the run's openings of this federation
    federation: str
    at: str
    lineage: str
    serial: int
    ended: bool
    settled: bool
    format: int
    #: The number of the federation's sessions up to it; 0 in journals of before there was one.
    sequence: int = 0

    @property
    def run(self) -> str:
        return self.path.stem

    def steps(self) -> list[Intent | Outcome]:
        """What it did, in order. Raises Problem STA02 when a line of it is damaged."""
        found: list[list[Intent | Outcome]] = []
        try:
            for line in _lines_about(_whole_lines(self.path), self.federation):
                entry = read_json(line)
                if entry["event"] == "opens":
                    found.append([])
                elif found and entry["event"] in ("intent", "outcome"):
                    found[-1].append(_step(self.run, entry, self.format))
            return found[self.place]  # none where its opening is written in a way that we do not write
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError):
            raise damaged(
                self.path, Phrase("a line about {federation} makes no sense", federation=self.federation)
            ) from None


def sessions(folder: Path) -> Mapping[str, list[Session]]:
    """The sessions of every federation, in the order they began.

    What follows a journal's last newline was never confirmed and is left out. Raises Problem STA02 when a journal is
    damaged before that, STA03 when a newer version wrote one, STA06 when one cannot be read.
    """
    found: dict[str, list[Session]] = collections.defaultdict(list)
    for path in files_in(folder, ".jsonl"):
        for session in _sessions_of(path):
            found[session.federation].append(session)
    for of_federation in found.values():
        of_federation.sort(key=lambda session: (session.sequence, session.at))
    return found


def half_lines(folder: Path) -> list[Path]:
    """The journals that end in the middle of a line, which nobody counts: a run was killed, or is writing it."""
    return [path for path in files_in(folder, ".jsonl") if not _ends_well(path)]


def _ends_well(path: Path) -> bool:
    data = read_own(path)
    return not data or data.endswith(b"\n")


def _sessions_of(path: Path) -> Iterator[Session]:
    data = _whole_lines(path)
    if not data:
        return
    lines = data.count(b"\n")
    if lines != data.count(b"\n" + _BEGIN) + data.startswith(_BEGIN):
        raise damaged(path, Phrase("a line of it makes no sense"))
    written = _format_of(data, path)
    last = data[data.rfind(b"\n", 0, -1) + 1 :]
    ended = last.startswith(_END)
    settled = ended and b'"open":0' in last
    places: collections.Counter[str] = collections.Counter()
    for start in _places(_OPENS, data):
        try:
            entry = read_json(data[start : data.index(b"\n", start)])
            federation = str(entry["federation"])
            known = (federation, str(entry["at"]), str(entry["lineage"]), int(entry["serial"]))
            sequence = int(entry.get("sequence", 0))
            yield Session(path, places[federation], *known, ended, settled, written, sequence)
        except (ValueError, KeyError, TypeError, OverflowError):
            raise damaged(path, Phrase("an opening in it makes no sense")) from None
        places[federation] += 1


def _format_of(data: bytes, path: Path) -> int:
    try:
        return readable(read_json(data[: data.index(b"\n")])["format"], path)
    except (ValueError, KeyError, TypeError, OverflowError):
        raise damaged(path, Phrase("it does not begin as a journal")) from None


def _step(run: str, entry: Mapping[str, object], version: int) -> Intent | Outcome:
    address = Address.parse(str(entry["address"]))
    if entry["event"] == "intent":
        changed = entry["changed"]
        names = tuple(changed) if isinstance(changed, list) else ()
        return Intent(run, str(entry["at"]), address, str(entry["action"]), names)
    done = entry["result"] == "done"
    recorded = entry["record"] if done else None
    record = record_from_json(address, upgraded(recorded, version)) if isinstance(recorded, dict) else None
    return Outcome(address, done, record)


def _whole_lines(path: Path) -> bytes:
    try:
        data = read_own(path)
    except OSError as error:
        raise unreadable(path, error) from None
    return data[: data.rfind(b"\n") + 1]


def _lines_about(data: bytes, federation: str) -> Iterator[bytes]:
    name = json.dumps(federation, ensure_ascii=False).encode()
    starts = {
        data.rfind(b"\n", 0, found) + 1
        for mark in (b'"federation":' + name, b'"address":' + name[:-1] + b"/")
        for found in _places(mark, data)
    }
    return (data[start : data.index(b"\n", start)] for start in sorted(starts))


def _places(mark: bytes, data: bytes) -> Iterator[int]:
    found = data.find(mark)
    while found >= 0:
        yield found
        found = data.find(mark, found + 1)
