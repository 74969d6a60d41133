"""A file of an old host that others write too: read whole, and rewritten in its place by one of us at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from reconcile.state.durable import fsync_folder

_LARGEST = 10_000_000


def content_of(file: Path) -> bytes:
    """Raises OSError with a reason when it cannot be read, is no ordinary file, or is larger than 10 MB."""
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is no ordinary file")
        content = opened.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise OSError(0, "it is larger than 10 MB")
    return content


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Federations share the file, and so may two runs: one rewrites it at a time. Raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def rewrite(file: Path, content: bytes) -> None:
    """In its place at once, for the same readers: its server must never see half of it, nor be shut out of it.

    Raises OSError; the file is then as it was.
    """
    draft = file.parent / f".{file.name}.{secrets.token_hex(4)}"
    try:
        like = file.stat()
        with draft.open("xb") as written:
            os.fchmod(written.fileno(), stat.S_IMODE(like.st_mode))
            if (os.geteuid(), os.getegid()) != (like.st_uid, like.st_gid):
                os.fchown(written.fileno(), like.st_uid, like.st_gid)
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        draft.replace(file)
        fsync_folder(file.parent)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
