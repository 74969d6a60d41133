"""A steady clock and a few records to keep."""

from __future__ import annotations

import datetime as dt
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from reconcile.resources.address import Address
from reconcile.state.folder import FolderStore
from reconcile.state.snapshot import Record, Snapshot


class TickingClock:
    """A second passes each time somebody looks at it."""

    def __init__(self) -> None:
        self._now = dt.datetime(2026, 3, 29, 18, 0, tzinfo=dt.UTC)

    def now(self) -> dt.datetime:
        self._now += dt.timedelta(seconds=1)
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += dt.timedelta(seconds=seconds)


def a_record(local: str = "contact", run: str = "run-1", **fields: object) -> Record:
    address = Address("spf55", "mailbox", f"{local}@spf55.org")
    return Record(
        address,
        identity=f"id-of-{local}",
        fields={"licence": "E1", "aliases": ("a@spf55.org",), "hidden": False, **fields},  # type: ignore[dict-item]
        created_by=run,
        applied_by=run,
        applied_at="2026-03-29T18:00:00+00:00",
    )


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path)


@pytest.fixture
def fresh() -> Snapshot:
    """The state of a federation nobody has touched yet."""
    return Snapshot("spf55", "lineage-1")


@pytest.fixture
def no_room_beyond() -> Callable[[int], AbstractContextManager[None]]:
    """Refuse, for a moment, that any file of this process grows beyond so many bytes."""

    @contextmanager
    def limited(size: int) -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited
