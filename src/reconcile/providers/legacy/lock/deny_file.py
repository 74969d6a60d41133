"""Dovecot's list of refused users: the passwd-file of a passdb with ``deny = yes``.

Each federation's logins stand between two lines of its own at the top of the file, which is otherwise left as it is,
byte for byte: unlocking takes the block out. Dovecot looks at the file again within seconds.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.shared_file import alone_in, content_of, rewrite

_LOGIN = re.compile(r"[^\s:#\x00-\x1f][^\s:\x00-\x1f]*")


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
                raise Problem(
                    "LCK10", Phrase("{login!r} cannot stand in a passwd-file.", login=login), "see docs/lock.md"
                )
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
            return content_of(self._file)
        except OSError as error:
            raise self._problem(Phrase("read"), error.strerror or type(error).__name__) from None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(alone_in(self._file.parent))
            except OSError as error:
                raise self._problem(Phrase("write"), error.strerror or type(error).__name__) from None
            yield

    def _write(self, content: bytes) -> None:
        try:
            rewrite(self._file, content)
        except OSError as error:
            raise self._problem(Phrase("write"), error.strerror or type(error).__name__) from None

    def _problem(self, what: str, why: str) -> Problem:
        hint = "it must exist, and this user may replace it (docs/lock.md); it is as it was"
        return Problem(
            "LCK10",
            Phrase("Cannot {what} the list of refused users {file}: {why}.", what=what, file=self._file, why=why),
            hint,
        )


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
