"""Which workbooks a federation was handed and which came back: ``spfstate/sheets/<slug>.json``."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from pathlib import Path
from typing import Any, Literal

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.durable import keep_private, unreadable
from reconcile.strict_json import read_json

#: The version of these files' format.
FORMAT = 1

_SLUG = re.compile("[a-z0-9][a-z0-9-]*")


@dataclasses.dataclass(frozen=True, slots=True)
class Sheet:
    """One workbook that went out or came back, at ``at`` (UTC).

    ``version``: the how-many-th it is of those that went out, 0 when a returned file does not say. ``digest``: of what
    it asks when it goes out, of the file's bytes when it comes back. ``day``: the migration's, as one that goes out
    says it. ``errors``, ``confirm`` and ``undecided``: what was found in one that came back. ``written``: whether the
    federation's file was written from it.
    """

    way: Literal["out", "back"]
    at: dt.datetime
    version: int
    digest: str
    file: str
    errors: int = 0
    confirm: int = 0
    undecided: int = 0
    written: bool = False
    day: dt.date | None = None


class SheetFolder:
    """The records under ``folder``; those of the sandbox bear it in their name."""

    def __init__(self, folder: Path, *, sandbox: bool = False) -> None:
        self._folder = folder
        self._suffix = ".sandbox.json" if sandbox else ".json"

    def read(self, federation: str) -> tuple[Sheet, ...]:
        """What went out and came back, the earliest first. Raises Problem WBK70 when the record is damaged, STA06 when
        it cannot be read."""
        path = self._of(federation)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise unreadable(path, error) from None
        return _decoded(data, path, federation)

    def add(self, federation: str, sheet: Sheet) -> None:
        """Keep it after the others, in the place of an earlier one of the same bytes that came back.

        Raises Problem WBK70, STA01 or STA06; nothing is then changed.
        """
        before = self.read(federation)
        kept = [one for one in before if one.way == "out" or sheet.way == "out" or one.digest != sheet.digest]
        path = self._of(federation)
        keep_private(path, _encoded(federation, [*kept, sheet]))

    def _of(self, federation: str) -> Path:
        if not _SLUG.fullmatch(federation):
            raise ValueError(f"{federation!r} is no federation's name")
        return self._folder / f"{federation}{self._suffix}"


def newest_out(sheets: tuple[Sheet, ...]) -> Sheet | None:
    """The last workbook that went out."""
    return next((one for one in reversed(sheets) if one.way == "out"), None)


def newest_back(sheets: tuple[Sheet, ...]) -> Sheet | None:
    """The last answer."""
    return next((one for one in reversed(sheets) if one.way == "back"), None)


def _encoded(federation: str, sheets: list[Sheet]) -> bytes:
    entries = [
        dataclasses.asdict(one)
        | {"at": one.at.astimezone(dt.UTC).isoformat(), "day": one.day.isoformat() if one.day else None}
        for one in sheets
    ]
    document = {"format": FORMAT, "federation": federation, "sheets": entries}
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _decoded(data: bytes, path: Path, federation: str) -> tuple[Sheet, ...]:
    try:
        document: Any = read_json(data)
        if document["format"] != FORMAT or document["federation"] != federation:
            raise ValueError
        return tuple(_sheet(entry) for entry in document["sheets"])
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        hint = Phrase("put a good copy back, or move it away: it only tells what was sent")
        raise Problem(
            "WBK70", Phrase("{path} is no record of workbooks this version can read.", path=path), hint
        ) from None


def _sheet(entry: dict[str, Any]) -> Sheet:
    at = dt.datetime.fromisoformat(entry["at"])
    if at.tzinfo is None or entry["way"] not in ("out", "back") or not str(entry["file"]).isprintable():
        raise ValueError
    numbers = {key: int(entry[key]) for key in ("version", "errors", "confirm", "undecided")}
    day = dt.date.fromisoformat(entry["day"]) if entry.get("day") else None  # records of before have none
    return Sheet(**{**entry, **numbers, "at": at, "written": entry["written"] is True, "day": day})
