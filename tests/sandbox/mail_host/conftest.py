"""An old host with its SMTP, started once."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconcile.sandbox.imap.old import Accounts
from reconcile.sandbox.mail_host.old_smtp import OldHostWithSmtp

CONTACT, TREASURER, SPORTS = "contact@spf55.example", "tresorier@spf55.example", "sport@spf88.example"


@pytest.fixture(scope="session")
def host(old_dovecot: Path | None) -> Iterator[OldHostWithSmtp]:
    """k0412 is the treasurer's login; bureau@ is an alias."""
    folder = Path(tempfile.mkdtemp(prefix="reconcile-test-"))
    folder.chmod(0o711)
    running = OldHostWithSmtp(
        folder / "old",
        [CONTACT, "k0412", SPORTS],
        old_dovecot,
        Accounts({"k0412": TREASURER}, {"bureau@spf55.example": [CONTACT, TREASURER]}),
    )
    try:
        running.start()
        yield running
    finally:
        running.stop()
        shutil.rmtree(folder)
