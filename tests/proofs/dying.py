"""Death at a chosen point of a run's bookkeeping, brought into the product from outside: it knows nothing of it.

The points are those between which the disk changes: a journal line not yet written, half written, or durable; a
snapshot about to be replaced, or just replaced.
"""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import re
import signal
import stat
from pathlib import Path
from typing import Any

from reconcile.state.journal import journal
from reconcile.state.stores import folder

POINTS = ("before", "torn", "after")
SAVES = ("before save", "torn save", "after save")
#: Around the writes that first passwords take: a seal, a file or a receipt of a delivery, a file laid in the account.
PASSWORDS = ("before password", "after password")
#: Around the writes that an ending takes: passes queued, a page of the book of closings, passwords erased.
ENDINGS = ("before ending", "after ending")
#: Around the writes that a handover takes: what is kept, each table of the old host, its reload, what is forgotten.
HANDOVERS = ("before handover", "after handover")
#: The name of a file that is about to take another's place.
_TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}")
#: No file that must last, nor a line of a journal, finds room any more.
FULL = "full disk"


def half_written(folder: Path) -> list[Path]:
    """What writes that were cut short left beside their files."""
    return [path for path in folder.rglob(".*") if _TEMPORARY.fullmatch(path.name)]


def die_at(number: int, point: str) -> None:
    """Kill this process at the given point of its ``number``-th line (from 0), or snapshot for the points of SAVES; or
    fill the disk there."""
    if point == FULL:
        _full_from(number)
    elif point in PASSWORDS:
        _at_a_password(number, point)
    elif point in ENDINGS:
        _at_an_ending(number, point)
    elif point in HANDOVERS:
        _at_a_handover(number, point)
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

    _around(number, point, (vault, "replace_file"), (outbox, "replace_file"), (provider, "deposit"))


def _at_an_ending(number: int, point: str) -> None:
    from reconcile.mailcopy.queue.work_list import WorkList
    from reconcile.passwords.vault import Vault
    from reconcile.providers.closing import book

    _around(number, point, (book, "keep_private"), (WorkList, "another_pass"), (Vault, "remove"))


def _at_a_handover(number: int, point: str) -> None:
    from reconcile.providers.legacy.handover import kept_file, postfix

    forgetting = (kept_file.KeptFile, "forget")
    _around(number, point, (kept_file, "replace_file"), (postfix, "rewrite"), (postfix, "reloaded"), forgetting)


def _around(number: int, point: str, *writes: tuple[Any, str]) -> None:
    """Die before or after the ``number``-th call of any of them."""
    calls = itertools.count()

    def dying(write: Any) -> Any:
        def wrapped(*arguments: Any) -> Any:
            fatal = next(calls) == number
            if fatal and point.startswith("before"):
                _die()
            answer = write(*arguments)
            if fatal:
                _die()
            return answer

        return wrapped

    for owner, name in writes:
        setattr(owner, name, dying(getattr(owner, name)))


def _full_from(number: int) -> None:
    """From the ``number``-th durable write on, of a file or of a journal's line, the disk takes part of it at most."""
    from reconcile.providers.legacy import shared_file
    from reconcile.state import durable

    writes = itertools.count()

    class Os:
        """The modules' ``os``, but for the calls by which bytes become durable."""

        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

        def fsync(self, descriptor: int) -> None:
            if stat.S_ISREG(os.fstat(descriptor).st_mode) and next(writes) >= number:
                size, added = os.fstat(descriptor).st_size, fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_APPEND
                os.ftruncate(descriptor, max(0, size - 1) if added else size // 2)  # what stood there before stays
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)

        def pwrite(self, descriptor: int, data: bytes, offset: int) -> int:
            if next(writes) >= number:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return os.pwrite(descriptor, data, offset)

    durable.os = Os()  # type: ignore[assignment]
    shared_file.os = Os()  # type: ignore[assignment]
    journal.os = Os()  # type: ignore[assignment]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    signal.pause()
