"""Two real Dovecots: the old host, and a new one that takes batches or, like Exchange, does not."""

from __future__ import annotations

import contextlib
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.mailcopy.dovecot import EXCHANGE, MAILDIR, SDBOX, Dovecot
from tests.mailcopy.post import Box

from reconcile.clock import Clock
from reconcile.mailcopy.queue.location import FolderLocation, Location, PostgresLocation
from reconcile.sandbox.imap.configuration import Settings

SPECIAL: Settings = {
    "mailbox Drafts": {"special_use": "\\Drafts"},
    'mailbox "Sent Items"': {"auto": "subscribe", "special_use": "\\Sent"},
}
OLD_SPECIAL: Settings = {"mailbox Sent": {"special_use": "\\Sent"}}
QUOTA: Settings = {
    "mail_plugins": {"quota": True},
    "quota User": {"storage_size": "200K"},
    "quota_mail_size": "50K",
}
EXCHANGE_BEHAVIOUR: Settings = {
    "imap_capability": EXCHANGE,
    "login_greeting": "The Microsoft Exchange IMAP4 service is ready.",
}

_users = itertools.count(1)


def _running(name: str, program: Path | None, **options: Settings) -> Iterator[Dovecot]:
    # Not pytest's folder: a socket's path must be short, and the mail user must be able to enter.
    with tempfile.TemporaryDirectory(prefix="reconcile-copy-", ignore_cleanup_errors=True) as folder:
        server = Dovecot(Path(folder), name, program=program, **options)
        try:
            yield server.start()
        finally:
            server.stop()


@pytest.fixture(scope="session")
def old_host(old_dovecot: Path | None) -> Iterator[Dovecot]:
    yield from _running("old", old_dovecot, mail=MAILDIR, inbox=OLD_SPECIAL)


@pytest.fixture(scope="session")
def batching_host(new_dovecot: Path | None) -> Iterator[Dovecot]:
    yield from _running("batch", new_dovecot, mail=SDBOX, inbox=SPECIAL)


@pytest.fixture(scope="session")
def exchange_like_host(new_dovecot: Path | None) -> Iterator[Dovecot]:
    yield from _running("exo", new_dovecot, mail=SDBOX, inbox=SPECIAL, settings=EXCHANGE_BEHAVIOUR)


@pytest.fixture(scope="session")
def small_host(new_dovecot: Path | None) -> Iterator[Dovecot]:
    """Room for 200 KB a mailbox, 50 KB a message."""
    yield from _running("small", new_dovecot, mail=SDBOX, inbox=SPECIAL, settings=QUOTA)


@pytest.fixture(params=["batching_host", "exchange_like_host"])
def new_host(request: pytest.FixtureRequest) -> Dovecot:
    return request.getfixturevalue(request.param)


@pytest.fixture
def user() -> str:
    return f"contact{next(_users)}"


@pytest.fixture
def old_box(old_host: Dovecot, user: str) -> Box:
    return Box(old_host, user)


@pytest.fixture
def new_box(new_host: Dovecot, user: str) -> Box:
    return Box(new_host, user)


@pytest.fixture(params=["folder", "postgres"])
def location_maker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[Clock], Location]]:
    """The same list and ledgers, opened as often as asked, with any clock."""
    if request.param == "folder":
        yield lambda clock: FolderLocation(tmp_path / "copies", clock)
        return
    url = request.getfixturevalue("cluster").database()
    with contextlib.ExitStack() as opened:

        def location(clock: Clock) -> Location:
            found = PostgresLocation(url, "", clock)
            opened.callback(found.database.close)
            return found

        yield location
