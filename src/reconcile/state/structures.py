"""Readings of PopStructure kept: one dated file each, under ``spfstate/structures/``."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path, PurePath
from typing import Any

from reconcile.config.structures.register import FACTS, Fact, Register, RegisteredStructure
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.dated import dated_file, dated_files
from reconcile.state.durable import keep_private, unreadable
from reconcile.strict_json import read_json

#: The version of these files' format.
FORMAT = 1


class StructureFolder:
    """The registers under ``folder``. Those of the sandbox bear it in their name, and the two worlds do not see each
    other's."""

    def __init__(self, folder: Path, *, sandbox: bool = False) -> None:
        self._folder = folder
        self._suffix = ".sandbox.json" if sandbox else ".json"

    def write(self, register: Register) -> Path:
        """Keep it, beside the earlier ones; where it lies. Raises Problem STA01 or STA06."""
        path = dated_file(self._folder, register.taken, self._suffix)
        keep_private(path, encode(register))
        return path

    def moments(self) -> tuple[dt.datetime, ...]:
        """When they were read, the earliest first. Raises Problem STA06 when the folder cannot be listed."""
        return tuple(taken for taken, _ in self._files())

    def newest(self, until: dt.datetime | None = None) -> Register | None:
        """The latest register, or the latest that is not after ``until``; None without any.

        Raises Problem STR01 (damaged), STR02 (of a newer version), STA06 (cannot be read).
        """
        paths = [path for taken, path in self._files() if until is None or taken <= until]
        if not paths:
            return None
        try:
            data = paths[-1].read_bytes()
        except OSError as error:
            raise unreadable(paths[-1], error) from None
        return decode(data, paths[-1])

    def _files(self) -> list[tuple[dt.datetime, Path]]:
        return dated_files(self._folder, self._suffix)


def encode(register: Register) -> bytes:
    """Canonical JSON: sorted keys, indented, one newline at the end; equal registers give equal bytes."""
    document = {
        "format": FORMAT,
        "taken": register.taken.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "source": register.source,
        "columns": register.columns,
        "structures": {
            f"{number:09}": {"code": one.code, "department": one.department, **one.facts}
            for number, one in register.structures.items()
        },
    }
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def decode(data: bytes, path: PurePath) -> Register:
    """Read what ``encode`` wrote. Raises Problem STR01 when it is damaged, STR02 when a newer version wrote it."""
    try:
        document = read_json(data)
        version = document["format"]
        if not isinstance(version, int):
            raise TypeError("format")
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _damaged(path, Phrase("it is not a complete reading")) from None
    if version > FORMAT:
        raise Problem(
            "STR02",
            Phrase("{path} was written by a newer version (format {version}).", path=path, version=version),
            "update the command",
        )
    try:
        return _register(document)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(path, Phrase("unexpected content near {error!r}", error=str(error)[:80])) from None


def _register(document: dict[str, Any]) -> Register:
    taken = dt.datetime.fromisoformat(_text(document["taken"]))
    if taken.tzinfo is None:
        raise ValueError("taken, which has no time zone")
    columns = tuple(fact for fact in FACTS if fact in document["columns"])
    found = {}
    for key, entry in document["structures"].items():
        if not re.fullmatch("[0-9]{9}", key, re.ASCII):
            raise ValueError(key)
        found[int(key)] = _structure(int(key), entry, columns)
    return Register(taken.astimezone(dt.UTC), _text(document["source"]), columns, found)


def _structure(number: int, entry: dict[str, Any], columns: tuple[Fact, ...]) -> RegisteredStructure:
    facts = {fact: None if entry[fact] is None else _text(entry[fact]) for fact in columns if fact in entry}
    return RegisteredStructure(number, _text(entry["code"]), _text(entry["department"]), facts)


def _text(value: object) -> str:
    """One line that may be shown on a terminal: whoever may write the file could put anything into it."""
    if not isinstance(value, str) or not value.isprintable() or len(value) > 2000:
        raise TypeError(f"{value!r}, expected text")
    return value


def _damaged(path: PurePath, what: str) -> Problem:
    hint = Phrase("move the file away, and read again: reconcile structures read")
    return Problem("STR01", Phrase("{path} is damaged: {what}.", path=path, what=what), hint, 3)
