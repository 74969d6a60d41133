"""The default store: a folder, one file per federation, locks the kernel frees when their holder dies."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.durable import (
    PRIVATE_FILE,
    files_in,
    open_private,
    private_folder,
    read_own,
    replace_file,
    unreadable,
    unwritable,
)
from reconcile.state.snapshot.encoding import PLAIN, Encoding
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.store import Holder, check_swap, locked


class FolderStore:
    """``root/federations/<slug>.json`` and ``root/locks/<slug>.lock``. Safe among a machine's threads and processes."""

    def __init__(self, root: Path, encoding: Encoding = PLAIN) -> None:
        self._encoding = encoding
        self._snapshots = root / "federations"
        self._locks = root / "locks"

    def read(self, federation: str) -> Snapshot | None:
        path = self._path(federation)
        try:
            data = read_own(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unreadable(path, error) from None
        return self._encoding.decode(data, path, federation)

    def write(self, snapshot: Snapshot) -> Snapshot:
        path = self._path(snapshot.federation)
        written = dataclasses.replace(snapshot, serial=snapshot.serial + 1)
        with _opened(self._snapshots / ".writing") as descriptor, _writing(path):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            check_swap(self.read(snapshot.federation), snapshot)
            for abandoned in self._snapshots.glob(f".{path.name}.*"):  # a writer killed before its rename
                abandoned.unlink(missing_ok=True)
            replace_file(path, self._encoding.encode(written), PRIVATE_FILE)
        return written

    def federations(self) -> list[str]:
        return [path.stem for path in files_in(self._snapshots, ".json")]

    @contextlib.contextmanager
    def lock(self, federation: str, holder: Holder) -> Iterator[None]:
        path = self._lock_file(federation)
        with _opened(path) as descriptor:
            with _writing(path), self._guarded():
                if not _flock_now(descriptor):
                    raise locked(federation, _name_in(descriptor))
                # The lock is the kernel's; the name inside is a courtesy to whoever meets it. A disk without room for
                # it has none for the state either.
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, holder.encode(), 0)
            try:
                yield
            finally:
                os.ftruncate(descriptor, 0)

    def locks(self) -> dict[str, Holder | None]:
        found = {}
        for path in files_in(self._locks, ".lock"):
            with _opened(path) as descriptor, _writing(path), self._guarded():
                if not _flock_now(descriptor):
                    found[path.stem] = _name_in(descriptor)
        return found

    def break_lock(self, federation: str, run: str) -> None:
        if federation in self.locks():
            raise Problem(
                "STA09",
                Phrase(
                    "The lock on {federation} belongs to a living process, {locks}.",
                    federation=federation,
                    locks=self.locks()[federation],
                ),
                "stop that process: the lock frees itself when it ends",
            )
        raise Problem(
            "STA09",
            Phrase("Nobody holds the lock on {federation}, so run {run} does not.", federation=federation, run=run),
        )

    def _lock_file(self, federation: str) -> Path:
        return self._locks / f"{self._path(federation).stem}.lock"

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """One process at a time, so that looking at a lock never gets in the way of taking it."""
        with _opened(self._locks / ".guard") as descriptor:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield

    def _path(self, federation: str) -> Path:
        if not federation or federation.startswith(".") or "/" in federation:
            raise Problem(
                "STA12",
                Phrase("No federation is called {federation!r}.", federation=federation),
                "see: reconcile state list",
            )
        return self._snapshots / f"{federation}.json"


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[int]:
    """A file to lock, made if need be; closing it frees the lock. Raises Problem STA06 when it cannot be made."""
    with _writing(path):
        private_folder(path.parent)
        descriptor = open_private(path, os.O_RDWR | os.O_CREAT)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """What the system refuses, locks on a filesystem that has none included, said as STA01 or STA06."""
    try:
        yield
    except OSError as error:
        raise unwritable(path, error) from None


def _flock_now(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _name_in(descriptor: int) -> Holder | None:
    return Holder.decode(os.pread(descriptor, 65536, 0))
