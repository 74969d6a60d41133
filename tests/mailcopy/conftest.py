"""Two real Dovecots: the old host, and a new one that takes batches or, like Exchange, does not."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailcopy.dovecot import EXCHANGE, Dovecot
from mailcopy.post import Box

SPECIAL = """mailbox Drafts {
    special_use = \\Drafts
  }
  mailbox "Sent Items" {
    auto = subscribe
    special_use = \\Sent
  }"""
OLD_SPECIAL = """mailbox Sent {
    special_use = \\Sent
  }"""
QUOTA = """mail_plugins = quota
protocol imap {
  mail_plugins = quota
}
plugin {
  quota = count:User quota
  quota_vsizes = yes
  quota_rule = *:storage=200K
  quota_max_mail_size = 50K
}"""

_users = itertools.count(1)


def _running(folder: Path, name: str, **options: str) -> Iterator[Dovecot]:
    server = Dovecot(folder, name, **options)
    try:
        yield server.start()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def old_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    folder = tmp_path_factory.mktemp("old")
    yield from _running(folder, "old", location="maildir:~/Maildir:LAYOUT=fs", inbox=OLD_SPECIAL)


@pytest.fixture(scope="session")
def batching_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    yield from _running(tmp_path_factory.mktemp("batch"), "batch", location="sdbox:~/sdbox", inbox=SPECIAL)


@pytest.fixture(scope="session")
def exchange_like_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    settings = f"imap_capability = {EXCHANGE}"
    folder = tmp_path_factory.mktemp("exo")
    yield from _running(folder, "exo", location="sdbox:~/sdbox", inbox=SPECIAL, settings=settings)


@pytest.fixture(scope="session")
def small_host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    """Room for 200 KB a mailbox, 50 KB a message."""
    folder = tmp_path_factory.mktemp("small")
    yield from _running(folder, "small", location="sdbox:~/sdbox", inbox=SPECIAL, settings=QUOTA)


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
