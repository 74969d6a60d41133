"""Dovecot's list of refused users: the passwd-file of a passdb with ``deny = yes``.

Each federation's logins stand between two lines of its own at the top of the file, which is otherwise left as it is,
byte for byte: unlocking takes the block out. Dovecot looks at the file again within seconds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconcile.problem import Problem
from reconcile.state.durable import fsync_folder

_LOGIN = re.compile(r"[^\s:#\x00-\x1f][^\s:\x00-\x1f]*")
_LARGEST = 10_000_000


class DenyFile:
    """``file`` must exist: a passdb whose file is missing fails every login, or none."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def locked(self, federation: str, logins: Sequence[str]) -> frozenset[str]:
        """Raises Problem LCK10 when the file cannot be read."""
        content = self._content()
        if _block(content, federation) is None:
            return frozenset()
        refused = _logins(content)
        return frozenset(login for login in logins if login.lower().encode() in refused)

    def lock(self, federation: str, logins: Sequence[str]) -> None:
        """Raises Problem LCK10 when the file cannot be read or written; it is then as it was."""
        for login in logins:
            if not _LOGIN.fullmatch(login):
                raise Problem("LCK10", f"{login!r} cannot stand in a passwd-file.", "see docs/lock.md")
        with self._alone():
            before = self._content()
            self._write(_with(_without(before, federation), federation, {login.lower().encode() for login in logins}))

    def release(self, federation: str, logins: Sequence[str]) -> None:
        """Raises Problem LCK10, as ``lock``."""
        with self._alone():
            before = self._content()
            if (place := _block(before, federation)) is not None:
                left = _logins(before[slice(*place)]) - {login.lower().encode() for login in logins}
                self._write(_with(_without(before, federation), federation, left))

    def unlock(self, federation: str, logins: Sequence[str]) -> None:
        """Raises Problem LCK10, as ``lock``."""
        with self._alone():
            before = self._content()
            after = _without(before, federation)
            if after != before:
                self._write(after)

    def _content(self) -> bytes:
        try:
            descriptor = os.open(self._file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as file:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise self._problem("read", "it is no ordinary file")
                content = file.read(_LARGEST + 1)
        except OSError as error:
            raise self._problem("read", error.strerror or type(error).__name__) from None
        if len(content) > _LARGEST:
            raise self._problem("read", "it is larger than 10 MB")
        return content

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Federations share the file, and so may two runs: one rewrites it at a time."""
        try:
            folder = os.open(self._file.parent, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise self._problem("write", error.strerror or type(error).__name__) from None
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _write(self, content: bytes) -> None:
        """In its place at once, for the same readers: Dovecot must never see half of it, nor be shut out of it."""
        draft = self._file.parent / f".{self._file.name}.{secrets.token_hex(4)}"
        try:
            like = self._file.stat()
            with draft.open("xb") as file:
                os.fchmod(file.fileno(), stat.S_IMODE(like.st_mode))
                if (os.geteuid(), os.getegid()) != (like.st_uid, like.st_gid):
                    os.fchown(file.fileno(), like.st_uid, like.st_gid)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._file)
            fsync_folder(self._file.parent)
        except OSError as error:
            raise self._problem("write", error.strerror or type(error).__name__) from None
        finally:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)

    def _problem(self, what: str, why: str) -> Problem:
        hint = "it must exist, and this user may replace it (docs/lock.md); it is as it was"
        return Problem("LCK10", f"Cannot {what} the list of refused users {self._file}: {why}.", hint)


def _marks(federation: str) -> tuple[bytes, bytes]:
    return f"# reconcile {federation}: locked\n".encode(), f"# reconcile {federation}: end\n".encode()


def _block(content: bytes, federation: str) -> tuple[int, int] | None:
    """Where the federation's block begins and ends; None without one, or when its end was taken out by hand."""
    first, last = _marks(federation)
    begin = 0 if content.startswith(first) else content.find(b"\n" + first) + 1
    if begin == 0 and not content.startswith(first):
        return None
    end = content.find(last, begin)
    return (begin, end + len(last)) if end >= 0 else None


def _logins(content: bytes) -> set[bytes]:
    return {line.partition(b":")[0] for line in content.splitlines() if line and not line.startswith(b"#")}


def _with(content: bytes, federation: str, logins: set[bytes]) -> bytes:
    first, last = _marks(federation)
    return first + b"".join(login + b":\n" for login in sorted(logins)) + last + content


def _without(content: bytes, federation: str) -> bytes:
    place = _block(content, federation)
    return content if place is None else content[: place[0]] + content[place[1] :]
