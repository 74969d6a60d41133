"""Inventories kept: one dated file for each reading of a federation, under ``spfstate/inventory/<slug>/``."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any, TypeVar

from reconcile.config.inventory.inventory import ASPECTS, KINDS, Inventory, LegacyAddress
from reconcile.language.made_of import sentences_of, told_again
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.dated import dated_file, dated_files
from reconcile.state.durable import keep_private, unreadable
from reconcile.strict_json import read_json

#: The version of these files' format.
FORMAT = 1

_Choice = TypeVar("_Choice", bound=str)

_SLUG = re.compile("[a-z0-9][a-z0-9-]*")
_OPTIONAL = ("size", "messages", "last_used", "filters", "vacation")


class InventoryFolder:
    """The inventories under ``folder``. They hold names of people: each file is readable by its owner alone (0600).

    Those of the sandbox bear it in their name, and the two worlds do not see each other's.
    """

    def __init__(self, folder: Path, *, sandbox: bool = False) -> None:
        self._folder = folder
        self._suffix = ".sandbox.json" if sandbox else ".json"

    def write(self, inventory: Inventory) -> Path:
        """Keep it, beside the earlier ones; where it lies. Two of the same second are one: the later.

        Raises Problem STA01 or STA06 when it cannot be written; nothing is then left behind.
        """
        path = dated_file(self._of(inventory.federation), inventory.taken, self._suffix)
        keep_private(path, encode(inventory))
        return path

    def moments(self, federation: str) -> tuple[dt.datetime, ...]:
        """When it was read, the earliest first. Raises Problem STA06 when the folder cannot be listed."""
        return tuple(taken for taken, _ in self._files(federation))

    def newest(self, federation: str, until: dt.datetime | None = None) -> Inventory | None:
        """The latest inventory, or the latest that is not after ``until``; None without any.

        Raises Problem INV01 (damaged), INV02 (of a newer version), STA06 (cannot be read).
        """
        paths = [path for taken, path in self._files(federation) if until is None or taken <= until]
        return _read(paths[-1], federation) if paths else None

    def newest_of(self, federations: Iterable[str]) -> Mapping[str, Inventory | Problem]:
        """The latest inventory of each federation that has one, or why it cannot be told: one that is damaged says
        nothing of the others."""
        found: dict[str, Inventory | Problem] = {}
        for federation in federations:
            try:
                if (inventory := self.newest(federation)) is not None:
                    found[federation] = inventory
            except Problem as problem:
                found[federation] = problem
        return found

    def _files(self, federation: str) -> list[tuple[dt.datetime, Path]]:
        return dated_files(self._of(federation), self._suffix) if _SLUG.fullmatch(federation) else []

    def _of(self, federation: str) -> Path:
        if not _SLUG.fullmatch(federation):
            raise ValueError(f"{federation!r} is no federation's name")
        return self._folder / federation


def encode(inventory: Inventory) -> bytes:
    """Canonical JSON: sorted keys, indented, one newline at the end; equal inventories give equal bytes. What is not
    known is left out."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "federation": inventory.federation,
        "host": inventory.host,
        "taken": inventory.taken.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "domains": inventory.domains,
        "sources": inventory.sources,
        "unknown": dict(inventory.unknown),
        "protected_logins": inventory.protected_logins,
        "addresses": {address: _entry(one) for address, one in inventory.addresses.items()},
    }
    if sentences := sentences_of(inventory.unknown.values()):
        document["sentences"] = sentences
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def decode(data: bytes, path: PurePath) -> Inventory:
    """Read what ``encode`` wrote. Raises Problem INV01 when it is damaged, INV02 when a newer version wrote it."""
    try:
        document = read_json(data)
        version = _whole(document["format"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise _damaged(path, Phrase("it is not a complete inventory")) from None
    if version > FORMAT:
        raise Problem(
            "INV02",
            Phrase("{path} was written by a newer version (format {version}).", path=path, version=version),
            "update the command",
        )
    try:
        return _inventory(document)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _damaged(path, Phrase("unexpected content near {error}", error=error)) from None


def _entry(one: LegacyAddress) -> dict[str, Any]:
    entry: dict[str, Any] = {"kind": one.kind}
    if one.kind == "mailbox" and one.login is not None:
        entry["login"] = one.login
    if one.targets:
        entry["targets"] = one.targets
    for name in _OPTIONAL:
        if (value := getattr(one, name)) is not None:
            entry[name] = value.isoformat() if isinstance(value, dt.date) else value
    return entry


def _inventory(document: Mapping[str, Any]) -> Inventory:
    taken = dt.datetime.fromisoformat(_text(document["taken"]))
    if taken.tzinfo is None:
        raise ValueError("taken, which has no time zone")
    sentences = document.get("sentences", {})
    unknown = {
        _one_of(aspect, ASPECTS): told_again(_text(why), sentences.get(why))
        for aspect, why in document["unknown"].items()
    }
    return Inventory(
        federation=_text(document["federation"]),
        host=_text(document["host"]),
        taken=taken.astimezone(dt.UTC),
        domains=_texts(document["domains"]),
        sources=_texts(document["sources"]),
        addresses={_text(address): _address(address, entry) for address, entry in document["addresses"].items()},
        unknown=unknown,
        protected_logins=_texts(document.get("protected_logins", [])),
    )


def _address(address: str, entry: Mapping[str, Any]) -> LegacyAddress:
    kind = _one_of(entry["kind"], KINDS)
    known = {name: entry[name] for name in _OPTIONAL if name in entry}
    return LegacyAddress(
        address=address,
        kind=kind,
        login=(_text(entry["login"]) if "login" in entry else None) if kind == "mailbox" else "",
        targets=_texts(entry.get("targets", [])),
        size=_whole(known["size"]) if "size" in known else None,
        messages=_whole(known["messages"]) if "messages" in known else None,
        last_used=dt.date.fromisoformat(_text(known["last_used"])) if "last_used" in known else None,
        filters=_texts(known["filters"]) if "filters" in known else None,
        vacation=_flag(known["vacation"]) if "vacation" in known else None,
    )


def _read(path: Path, federation: str) -> Inventory:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from None
    inventory = decode(data, path)
    if inventory.federation != federation:
        raise _damaged(path, Phrase("it is the inventory of {federation}", federation=inventory.federation))
    return inventory


def _damaged(path: PurePath, what: str) -> Problem:
    hint = Phrase("put back a good copy, or move the file away and run: reconcile inventory read")
    return Problem("INV01", Phrase("{path} is damaged: {what}.", path=path, what=what), hint)


def _one_of(value: object, choices: Iterable[_Choice]) -> _Choice:
    for choice in choices:
        if value == choice:
            return choice
    raise ValueError(repr(value))


def _text(value: object) -> str:
    """One line that may be shown on a terminal: whoever may commit a file could put anything into it."""
    if not isinstance(value, str) or not value.isprintable():
        raise TypeError(f"{value!r}, expected text")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r}, expected a list")
    return tuple(map(_text, value))


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError(f"{value!r}, expected a whole number")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r}, expected true or false")
    return value
