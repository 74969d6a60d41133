"""The sandbox's old host, with accidents that real ones have."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconcile.sandbox.corpus import sample_mail
from reconcile.sandbox.imap.maildir import write_maildir
from reconcile.sandbox.imap.old import OldHost

LOGINS = ("k0412", "lou@spf55.org", "vide@spf55.org", "zoe@spf88.org", "k0999")
VACATION = 'require ["vacation"];\nvacation "absente";\n'


@pytest.fixture(scope="session")
def runtime() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="reconcile-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def old(runtime: Path) -> Iterator[OldHost]:
    """Three mailboxes with mail, one that never received any, one of another domain."""
    host = OldHost(runtime / "old", LOGINS)
    for login in ("k0412", "lou@spf55.org", "zoe@spf88.org"):
        write_maildir(host.maildir(login), host.owner, sample_mail(login, "inventory", 12))
    host.filter("lou@spf55.org", "absence", VACATION)
    host.filter("k0412", "roundcube", 'redirect "home@example.net";\n')
    host.start()
    yield host
    host.stop()


@pytest.fixture
def shut(old: OldHost) -> Iterator[str]:
    """A login whose mail Dovecot may not open, as after a restore by the wrong user."""
    home = old.maildir("lou@spf55.org").parent
    if os.geteuid() == 0:
        os.chown(home, 0, 0)
        home.chmod(0o700)
    else:
        home.chmod(0o000)
    yield "lou@spf55.org"
    home.chmod(0o700)
    old.owner.take(home)
