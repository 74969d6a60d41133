"""Rehearsals kept: the last one of each federation, ``spfstate/rehearsals/<slug>.json``, where the gates read it."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reconcile.config.rehearsal import HOLDERS, Holder, Rehearsal
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.durable import keep_private, unreadable
from reconcile.strict_json import read_json

#: The version of these files' format.
FORMAT = 1

_SLUG = re.compile("[a-z0-9][a-z0-9-]*")


class RehearsalFolder:
    """The rehearsals under ``folder``. Those of the sandbox bear it in their name, and the two worlds do not see each
    other's: what went well on this machine says nothing of the tenant."""

    def __init__(self, folder: Path, *, sandbox: bool = False) -> None:
        self._folder = folder
        self._suffix = ".sandbox.json" if sandbox else ".json"

    def write(self, rehearsal: Rehearsal) -> Path:
        """Keep it in the place of the one before; where it lies. Raises Problem STA01 or STA06."""
        path = self._of(rehearsal.federation)
        keep_private(path, encode(rehearsal))
        return path

    def read(self, federation: str) -> Rehearsal | None:
        """The last rehearsal; None without any. Raises Problem STA17 when its file is damaged, STA06 when it cannot be
        read."""
        if not _SLUG.fullmatch(federation):
            return None
        path = self._of(federation)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unreadable(path, error) from None
        rehearsal = decode(data, path)
        if rehearsal.federation != federation:
            raise _damaged(path)
        return rehearsal

    def read_all(self, federations: Iterable[str]) -> Mapping[str, Rehearsal | Problem]:
        """The last rehearsal of each federation that has one, or why it cannot be told."""
        found: dict[str, Rehearsal | Problem] = {}
        for federation in federations:
            try:
                if (rehearsal := self.read(federation)) is not None:
                    found[federation] = rehearsal
            except Problem as problem:
                found[federation] = problem
        return found

    def _of(self, federation: str) -> Path:
        if not _SLUG.fullmatch(federation):
            raise ValueError(f"{federation!r} is no federation's name")
        return self._folder / f"{federation}{self._suffix}"


def encode(rehearsal: Rehearsal) -> bytes:
    """Canonical JSON: sorted keys, indented, one newline at the end."""
    document = {
        "format": FORMAT,
        "federation": rehearsal.federation,
        "held": rehearsal.held.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "green": rehearsal.green,
        "domains": rehearsal.domains,
        "stands": rehearsal.stands,
        "switches": rehearsal.switches,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def decode(data: bytes, path: Path) -> Rehearsal:
    """Read what ``encode`` wrote. Raises Problem STA17 when it is damaged, or of a newer version."""
    try:
        document: Any = read_json(data)
        if document["format"] != FORMAT:
            raise ValueError
        held = dt.datetime.fromisoformat(document["held"])
        if held.tzinfo is None:
            raise ValueError
        rehearsal = Rehearsal(
            federation=str(document["federation"]),
            held=held.astimezone(dt.UTC),
            domains={str(name): _holder(of) for name, of in document["domains"].items()},
            stands=_texts(document["stands"]),
            switches=_texts(document["switches"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _damaged(path) from None
    if document.get("green") is not rehearsal.green:
        raise _damaged(path)
    return rehearsal


def _holder(text: object) -> Holder:
    for one in HOLDERS:
        if text == one:
            return one
    raise ValueError(text)


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise TypeError
    return tuple(value)


def _damaged(path: Path) -> Problem:
    return Problem(
        "STA17",
        Phrase("{path} is no rehearsal this version can read.", path=path),
        "rehearse again: reconcile rehearse",
    )
