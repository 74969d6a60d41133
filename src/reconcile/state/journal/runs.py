"""The journals read back as an account of what was applied: by whom, from what, and how each operation ended."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from reconcile.language.made_of import told_again
from reconcile.language.phrase import Phrase
from reconcile.state.durable import files_in, read_own, unreadable
from reconcile.strict_json import read_json


@dataclasses.dataclass(frozen=True, slots=True)
class Operation:
    """One write of a run. ``result``: done, failed, or "" when the run was killed before it knew.

    ``settled``: the later run that wrote at this address again and so ended the doubt, "" when none did.
    """

    address: str
    action: str
    result: str
    seconds: float
    error: str
    request_id: str
    settled: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class RunRecord:
    """One apply. ``tally`` is None when the run was killed. ``header``: who, host, commit, pipeline, plan digest."""

    run: str
    began: str
    header: Mapping[str, str]
    operations: tuple[Operation, ...]
    tally: Mapping[str, int] | None


def run_records(folder: Path) -> Iterator[RunRecord]:
    """Every run of a state folder's journals, the latest first. An unfinished last line is left out."""
    later: dict[str, str] = {}  # address → the next run that has an outcome there
    for path in reversed(files_in(folder, ".jsonl")):
        record = _read(path)
        yield dataclasses.replace(record, operations=tuple(_settled(one, later) for one in record.operations))
        later |= {one.address: record.run for one in record.operations if one.result}


def _settled(one: Operation, later: Mapping[str, str]) -> Operation:
    return one if one.result else dataclasses.replace(one, settled=later.get(one.address, ""))


def _read(path: Path) -> RunRecord:
    header: dict[str, str] = {}
    operations: dict[str, Operation] = {}
    tally: Mapping[str, int] | None = None
    began = ""
    for entry in _entries(path):
        # A damaged line is replay's to refuse; the account goes on.
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            match entry.get("event"):
                case "run":
                    began = str(entry["at"])
                    told = ("who", "host", "operation", "commit", "pipeline", "plan", "tool")
                    header = {name: str(entry[name]) for name in told if entry.get(name)}
                case "intent":
                    address = str(entry["address"])
                    operations[address] = Operation(address, str(entry["action"]), "", 0.0, "", "")
                case "outcome":
                    address = str(entry["address"])
                    operations[address] = Operation(
                        address,
                        str(entry["action"]),
                        str(entry["result"]),
                        float(entry.get("seconds", 0.0)),
                        _error(entry.get("error") or {}),
                        str(entry.get("request_id", "")),
                    )
                case "end":
                    tally = {str(name): int(count) for name, count in entry["tally"].items()}
    return RunRecord(path.stem, began, header, tuple(operations.values()), tally)


def _error(said: Mapping[str, Any]) -> str:
    """What failed, by its code, so that it can be told in any language."""
    code, message = str(said.get("code", "")), told_again(str(said.get("message", "")), said.get("made_of"))
    return Phrase("{code} {message}", code=code, message=message) if code and message else code or message


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    try:
        data = read_own(path)
    except OSError as error:
        raise unreadable(path, error) from None
    for line in data.split(b"\n")[:-1]:
        try:
            entry = read_json(line)
        except ValueError:
            continue
        if isinstance(entry, dict):
            yield entry
