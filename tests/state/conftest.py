"""A steady clock, a disk that fills up, and places to keep state in."""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from tests.state import store_places
from tests.state.google_storage import google_server
from tests.state.records import TickingClock

from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.folder import FolderStore
from reconcile.state.stores.store import Store


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


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    with store_places.s3_server() as address:
        yield address


@pytest.fixture(scope="session")
def azurite_address() -> Iterator[str]:
    with store_places.azurite_server() as address:
        yield address


@pytest.fixture(scope="session")
def google_address() -> Iterator[str]:
    with google_server() as address:
        yield address


@pytest.fixture
def gitlab_address() -> Iterator[str]:
    with store_places.gitlab_server() as address:
        yield address


def _place(name: str, request: pytest.FixtureRequest) -> Callable[[], Store]:
    match name:
        case "folder":
            return store_places.folder(request.getfixturevalue("tmp_path"))
        case "memory":
            return store_places.memory()
        case "s3":
            return store_places.s3(request.getfixturevalue("s3_address"))
        case "azure":
            return store_places.azure(request.getfixturevalue("azurite_address"))
        case "google":
            return store_places.google(request.getfixturevalue("google_address"))
        case "postgres":
            return store_places.postgres(request.getfixturevalue("cluster"))
        case _:
            return store_places.gitlab(request.getfixturevalue("gitlab_address"))


_NEED_SERVERS = [pytest.param(name, marks=pytest.mark.stores) for name in ("azure", "postgres")]


@pytest.fixture(params=["folder", "memory", "s3", "google", "gitlab", *_NEED_SERVERS])
def any_store(request: pytest.FixtureRequest) -> Callable[[], Store]:
    """Opens one and the same place, each time as another machine would."""
    return _place(request.param, request)


@pytest.fixture(params=["folder", "memory", "s3", "google", *_NEED_SERVERS])
def listing_store(request: pytest.FixtureRequest) -> Callable[[], Store]:
    """Like any_store, where locks can be listed."""
    return _place(request.param, request)


@pytest.fixture(params=["folder", "google", "azure", "postgres"])
def racing_store(request: pytest.FixtureRequest) -> Callable[[], Store]:
    """Like any_store, where the server itself is atomic: the emulated S3 is not."""
    return _place(request.param, request)
