"""Death at a chosen point of a run's bookkeeping, brought into the product from outside: it knows nothing of it.

The points are those between which the disk changes: a journal line not yet written, half written, or durable; a
snapshot about to be replaced, or just replaced.
"""

from __future__ import annotations

import itertools
import os
import signal
from pathlib import Path
from typing import Any

from reconcile.state.journal import journal
from reconcile.state.stores import folder

POINTS = ("before", "torn", "after")
SAVES = ("before save", "torn save", "after save")
#: Around the writes that first passwords take: a seal, a file or a receipt of a delivery, a file laid in the account.
PASSWORDS = ("before password", "after password")


def die_at(number: int, point: str) -> None:
    """Kill this process at the given point of its ``number``-th line (from 0), or snapshot for the points of SAVES."""
    if point in PASSWORDS:
        _at_a_password(number, point)
    elif point in SAVES:
        _at_a_save(number, point)
    else:
        _at_a_line(number, point)


def _at_a_line(number: int, point: str) -> None:
    lines = itertools.count()
    fatal = {"now": False}

    class Os:
        """The module's ``os``, but for the two calls that make a line durable."""

        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

        def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
            fatal["now"] = next(lines) == number
            if fatal["now"] and point == "before":
                _die()
            if fatal["now"] and point == "torn":
                os.pwrite(descriptor, data[: len(data) // 2], offset)
                _die()
            return os.pwrite(descriptor, data, offset)

        def fdatasync(self, descriptor: int) -> None:
            os.fdatasync(descriptor)
            if fatal["now"]:
                _die()

    journal.os = Os()  # type: ignore[assignment]


def _at_a_save(number: int, point: str) -> None:
    saves = itertools.count()
    original = folder.replace_file

    def replace_file(path: Path, data: bytes, mode: int | None = None) -> None:
        fatal = next(saves) == number
        if fatal and point == "torn save":
            path.with_name(f".{path.name}.torn").write_bytes(data[: len(data) // 2])
        if fatal and point != "after save":
            _die()
        original(path, data, mode)
        if fatal:
            _die()

    folder.replace_file = replace_file


def _at_a_password(number: int, point: str) -> None:
    from reconcile.passwords import vault
    from reconcile.providers.delivery import outbox, provider

    writes = itertools.count()

    def dying(write: Any) -> Any:
        def wrapped(*arguments: Any) -> None:
            fatal = next(writes) == number
            if fatal and point == "before password":
                _die()
            write(*arguments)
            if fatal:
                _die()

        return wrapped

    for module, name in ((vault, "replace_file"), (outbox, "replace_file"), (provider, "deposit")):
        setattr(module, name, dying(getattr(module, name)))


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()
