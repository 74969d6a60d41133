"""A folder of this machine, or one mounted on it."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.delivery.place import Occupied
from reconcile.state.durable import PRIVATE_FILE, fsync_folder, open_private, private_folder, read_own

#: File systems without hard links (FAT, some network shares) say one of these.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EXDEV})


class Folder:
    """The account's folder; made for its owner alone when it is missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> bytes | None:
        try:
            return read_own(self._folder / name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _refused(self._folder / name, error) from None

    def put(self, name: str, content: bytes) -> None:
        target, draft = self._folder / name, self._folder / f".{name}.{secrets.token_hex(4)}"
        try:
            private_folder(self._folder)
            try:
                _write(draft, content)
                try:
                    os.link(draft, target, follow_symlinks=False)
                except OSError as error:
                    if error.errno not in _NO_LINKS:
                        raise
                    _write(target, content)  # made exclusively, too; only not at once
            finally:
                draft.unlink(missing_ok=True)
            fsync_folder(self._folder)
        except FileExistsError:
            raise Occupied from None
        except OSError as error:
            raise _refused(target, error) from None

    def remove(self, name: str) -> None:
        try:
            (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise _refused(self._folder / name, error) from None


def _write(path: Path, content: bytes) -> None:
    descriptor = open_private(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), PRIVATE_FILE)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _refused(path: Path, error: OSError) -> Problem:
    return Problem(
        "SEC13",
        Phrase("{path} cannot be delivered ({strerror}).", path=path, strerror=error.strerror or type(error).__name__),
        "look at the folder's room and rights, then apply again",
    )
