"""A real old host before a tenant: Postfix and Dovecot, whose mail for elsewhere goes to a server of ours."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reconcile.providers.legacy.handover.dump import Dump
from reconcile.providers.legacy.handover.host import HandedOverHost
from reconcile.providers.legacy.handover.postfix import PostfixTables
from reconcile.providers.legacy.handover.probe import Prober
from reconcile.providers.legacy.lock.canary import Canary, Endpoints
from reconcile.sandbox.imap.old import Accounts
from reconcile.sandbox.mail_host.old_smtp import OldHostWithSmtp
from reconcile.sandbox.smtp.listening import SmtpListener

CONTACT, SENDER = "contact@spf55.example", "sport@spf88.example"
BUREAU, OUTSIDE = "bureau@spf55.example", "president@gmail.example"


@dataclasses.dataclass
class Tenant:
    """Takes the addresses it knows, and refuses any other as Exchange does."""

    known: set[str]
    taken: list[str] = dataclasses.field(default_factory=list)
    refusal: str = "550 5.4.1 Recipient address rejected: Access denied"

    def asked(self, client: str, sender: str, recipient: str) -> str:
        return "" if recipient.lower() in self.known else self.refusal

    def given(self, client: str, sender: str, recipients: list[str], message: bytes) -> str:
        self.taken += recipients
        return ""


@dataclasses.dataclass(frozen=True)
class World:
    host: OldHostWithSmtp
    tenant: Tenant
    dump: Path

    def driver(self, reload: Callable[[], None] | None = None) -> PostfixTables:
        tables = self.host.postfix.tables
        files = [tables.file(name) for name in ("virtual_domains", "relay_domains", "virtual_aliases")]
        return PostfixTables(files[0], files[1], files[2:], Dump(self.dump, "mutualise"), reload or self.reload)

    def reload(self) -> None:
        self.host.postfix.reload()

    def prober(self, patience: float = 60) -> Prober:
        at, host = "127.0.0.1", self.host
        submission = (at, host.postfix.ports.submission)
        endpoints = Endpoints((at, host.port), None, submission, ("", 0), host.ca_file, tls=True)
        tokens = (f"jeton{time.time_ns()}{number}" for number in itertools.count())
        sender = Canary(SENDER, host.passwords[SENDER])
        # Whoever takes mail here is on loopback: by its name the old host itself is told from the tenant.
        return Prober(
            endpoints, sender, ("127.0.0.1",), lambda: next(tokens), patience, lambda _: time.sleep(0.2), time.monotonic
        )

    def handed_over(self) -> HandedOverHost:
        return HandedOverHost("mutualise", self.driver(), self.prober)


@pytest.fixture
def world(old_dovecot: Path | None) -> Iterator[World]:
    folder = Path(tempfile.mkdtemp(prefix="reconcile-test-"))
    folder.chmod(0o711)
    tenant = Tenant({CONTACT, BUREAU, OUTSIDE})
    listener = SmtpListener("tenant.example", tenant)
    listener.start()
    host = OldHostWithSmtp(
        folder / "old", [CONTACT, SENDER], old_dovecot, Accounts(aliases={BUREAU: [OUTSIDE]}), world=listener.port
    )
    try:
        host.start()
        yield World(host, tenant, folder / "handovers")
    finally:
        host.stop()
        listener.stop()
        shutil.rmtree(folder)
