"""Bytes that survive a power cut: atomic replacement of a file, and the words for a disk that will not take them."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


#: Who may read what names people: its owner.
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700


def private_folder(folder: Path) -> None:
    """Make the folder, and those above it that are missing, for its owner alone, whatever the umask. Raises OSError."""
    if folder.is_dir():
        return
    private_folder(folder.parent)
    with contextlib.suppress(FileExistsError):  # another process was quicker
        folder.mkdir(PRIVATE_FOLDER)
        folder.chmod(PRIVATE_FOLDER)


def open_private(path: Path, flags: int) -> int:
    """A descriptor of a file of our own, made for its owner alone; never another file that a link of that name leads
    to, nor what is no ordinary file. Raises OSError."""
    descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, PRIVATE_FILE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, Phrase("it is there and is not an ordinary file"))
    return descriptor


def read_own(path: Path) -> bytes:
    """The bytes of a file of our own, as ``open_private`` opens it. Raises OSError."""
    with os.fdopen(open_private(path, os.O_RDONLY), "rb") as file:
        return file.read()


def replace_file(path: Path, data: bytes | Iterable[bytes], mode: int | None = None) -> None:
    """Put ``data`` in the place of ``path``: whoever reads sees the old bytes or the new, at any moment of a crash.

    ``data``: all of it, or its pieces.
    ``mode``: who may read it, before its first byte is there; what the umask leaves when not said.
    Raises Problem STA01 (no room) or STA06 (not writable); the old file is then whole and no other one is left.
    """
    temporary = path.parent / f".{path.name}.{secrets.token_hex(4)}"
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            # Renaming over a link or a device would do away with it in silence.
            raise OSError(errno.EINVAL, Phrase("it is there and is not an ordinary file"))
        with temporary.open("xb") as file:
            if mode is not None:
                os.fchmod(file.fileno(), mode)
            file.writelines([data] if isinstance(data, bytes) else data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        fsync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from None
    finally:
        with contextlib.suppress(OSError):  # read-only folders refuse even to remove what is not there
            temporary.unlink(missing_ok=True)


def keep_private(path: Path, data: bytes) -> None:
    """``replace_file`` for what its owner alone may read, in a folder that is made when it is missing.

    Raises Problem STA01 or STA06.
    """
    try:
        private_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from None
    replace_file(path, data, PRIVATE_FILE)


def append_line(path: Path, line: bytes) -> None:
    """Add a line, its newline included, to a file that only its owner may read; it is on the disk afterwards.

    The half of a line that a crash or a full disk left at the end goes first: it was never acted on. One writer at a
    time. Raises Problem STA01 or STA06: then the line does not count as written.
    """
    try:
        private_folder(path.parent)
        descriptor = open_private(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        try:
            octets = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
            if not octets.endswith(b"\n"):
                os.ftruncate(descriptor, octets.rfind(b"\n") + 1)
            written = 0
            while written < len(line):  # a disk that fills up takes a part first, and refuses the rest
                written += os.write(descriptor, line[written:])
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        fsync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from None


def fsync_folder(folder: Path) -> None:
    """Make the names in a folder durable; a rename is not, until then."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def files_in(folder: Path, suffix: str) -> list[Path]:
    """The folder's files of that suffix, by name, hidden ones left out; none when there is no folder.

    Raises Problem STA06 when it cannot be listed: that is not an empty folder.
    """
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise unreadable(folder, error) from None
    return [folder / name for name in sorted(names) if name.endswith(suffix) and not name.startswith(".")]


def unwritable(path: Path, error: OSError) -> Problem:
    """What the operating system refused, in the postmaster's words."""
    why = error.strerror or type(error).__name__
    if error.errno in _NO_ROOM:
        return Problem(
            "STA01",
            Phrase("No room left to write {path} ({why}).", path=path, why=why),
            "make room and run the same command again",
        )
    return Problem(
        "STA06", Phrase("Cannot write {path} ({why}).", path=path, why=why), "check the folder's owner and permissions"
    )


def unreadable(path: Path, error: OSError) -> Problem:
    """A file of the state that is there and cannot be read."""
    return Problem(
        "STA06",
        Phrase("Cannot read {path} ({strerror}).", path=path, strerror=error.strerror or type(error).__name__),
        "check the file's owner and permissions",
    )
