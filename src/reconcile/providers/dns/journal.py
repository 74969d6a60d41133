"""The exact RRsets before and after each of our writes, kept so that any of them can be taken back."""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.primary.client import Verdict
from reconcile.providers.dns.primary.compare_and_swap import Swap
from reconcile.providers.dns.records.rdatasets import rdataset_of
from reconcile.state.durable import append_line, unreadable
from reconcile.strict_json import read_json

Rdataset = dns.rdataset.Rdataset


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One exchange of an RRset. ``certain``: the server said it was done; else only the zone can tell."""

    at: str
    swap: Swap
    certain: bool


@dataclasses.dataclass(frozen=True, slots=True)
class RecordJournal:
    """``<folder>/<federation>.jsonl``, append-only: an intent on the disk before each write, its verdict after."""

    folder: Path
    clock: Clock
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock, repr=False, compare=False)

    def __call__(self, federation: str, zone: dns.name.Name, swaps: Sequence[Swap], verdict: Verdict | None) -> None:
        """Record an update. Raises STA01 or STA06 when it cannot be written down: then nothing is sent."""
        line: dict[str, Any] = {"at": self.clock.now().isoformat(timespec="seconds"), "zone": zone.to_text()}
        if verdict is None:
            line["swaps"] = [_swap_as_json(swap) for swap in swaps]
        else:
            line["verdict"] = verdict.value
        self._append(self.folder / f"{federation}.jsonl", line)

    def entries(self, federation: str) -> list[Entry]:
        """What was written for a federation, oldest first; what the server refused is left out."""
        path = self.folder / f"{federation}.jsonl"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise unreadable(path, error) from None
        found: list[Entry] = []
        open_at: dict[str, range] = {}  # zone → its entries that wait for a verdict
        for number, text in enumerate(lines, start=1):
            try:
                _replay(read_json(text), found, open_at)
            except (ValueError, KeyError, TypeError, dns.exception.DNSException):
                if number < len(lines):  # the last line may be the half of one that a crash cut
                    raise Problem(
                        "DNS15",
                        Phrase("{path}:{number} is damaged.", path=path, number=number),
                        "restore the file from the repository's history",
                    ) from None
        return [entry for entry in found if entry.swap.changes]

    def _append(self, path: Path, line: Mapping[str, Any]) -> None:
        octets = (json.dumps(line, separators=(",", ":")) + "\n").encode()
        with self._lock:
            append_line(path, octets)


def _replay(line: Mapping[str, Any], found: list[Entry], open_at: dict[str, range]) -> None:
    zone = line["zone"]
    if "swaps" in line:
        swaps = [_swap_from_json(one) for one in line["swaps"]]
        open_at[zone] = range(len(found), len(found) + len(swaps))
        found += [Entry(line["at"], swap, certain=False) for swap in swaps]
        return
    for number in open_at.pop(zone, ()):
        swap = found[number].swap
        if line["verdict"] == Verdict.CONFLICT.value:
            swap = dataclasses.replace(swap, after=swap.before)  # nothing happened
        certain = line["verdict"] != Verdict.UNHEARD.value
        found[number] = Entry(found[number].at, swap, certain)


def _swap_as_json(swap: Swap) -> dict[str, Any]:
    return {
        "name": swap.name.to_text(),
        "type": dns.rdatatype.to_text(swap.rdtype),
        "before": _rdataset_as_json(swap.before),
        "after": _rdataset_as_json(swap.after),
    }


def _swap_from_json(value: Mapping[str, Any]) -> Swap:
    rdtype = dns.rdatatype.from_text(value["type"])
    before, after = (_rdataset_from_json(rdtype, value[side]) for side in ("before", "after"))
    return Swap(dns.name.from_text(value["name"]), rdtype, before, after)


def _rdataset_as_json(rdataset: Rdataset | None) -> dict[str, Any] | None:
    """Wire form in hexadecimal, and a reading aid that is never read back."""
    if rdataset is None:
        return None
    return {
        "ttl": rdataset.ttl,
        "wire": [rdata.to_wire().hex() for rdata in rdataset],
        "text": [rdata.to_text() for rdata in rdataset],
    }


def _rdataset_from_json(rdtype: RdataType, value: Mapping[str, Any] | None) -> Rdataset | None:
    if value is None:
        return None
    wires = [bytes.fromhex(text) for text in value["wire"]]
    rdatas = [dns.rdata.from_wire(dns.rdataclass.IN, rdtype, wire, 0, len(wire)) for wire in wires]
    return rdataset_of(value["ttl"], rdatas)
