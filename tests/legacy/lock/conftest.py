"""A real old host: Dovecot, and Postfix before it; its users' endpoints as a lock sees them."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from reconcile.providers.legacy.inventory.doveadm_api import DoveadmApi
from reconcile.providers.legacy.lock.canary import Canary, Endpoints, Proof
from reconcile.providers.legacy.lock.driver import Driver
from reconcile.providers.legacy.lock.host import LockedHost
from reconcile.providers.legacy.lock.sessions import Sessions
from reconcile.sandbox.imap.configuration import Settings
from reconcile.sandbox.imap.old import MASTER_USER, SEPARATOR, Accounts
from reconcile.sandbox.mail_host.old_smtp import OldHostWithSmtp

CAMILLE, LOU, CANARY = "k0412", "lou@spf55.org", "canari@spf55.org"
LOGINS = (CAMILLE, LOU)


class OddOldHost(OldHostWithSmtp):
    """One whose administrator set something else."""

    set_otherwise: Mapping[str, object] = {}

    def _settings(self) -> Settings:
        usual = dict(super()._settings())
        for name, value in self.set_otherwise.items():
            before = usual.get(name)
            usual[name] = {**before, **value} if isinstance(before, Mapping) and isinstance(value, Mapping) else value
        return usual


HostMaker = Callable[..., OldHostWithSmtp]


@pytest.fixture(scope="session")
def make_host(old_dovecot: Path | None) -> Iterator[HostMaker]:
    """``make_host(**settings)`` starts an old host with these settings of Dovecot otherwise than usual."""
    folder, running = Path(tempfile.mkdtemp(prefix="reconcile-test-")), list[OldHostWithSmtp]()
    folder.chmod(0o711)

    def make(**otherwise: object) -> OldHostWithSmtp:
        logins = [*LOGINS, CANARY, "sport@spf88.org"]
        addresses = {CAMILLE: "camille@spf55.org"}
        host = OddOldHost(folder / f"old{len(running)}", logins, old_dovecot, Accounts(addresses))
        host.set_otherwise = {name.replace("__", " "): value for name, value in otherwise.items()}
        running.append(host)
        host.start()
        return host

    yield make
    for host in running:
        host.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def host(make_host: HostMaker) -> OldHostWithSmtp:
    return make_host()


def endpoints(host: OldHostWithSmtp) -> Endpoints:
    at = "127.0.0.1"
    ports = host.postfix.ports
    return Endpoints(
        (at, host.port), (at, host.pop3_port), (at, ports.submission), (at, ports.inbound), host.ca_file, tls=True
    )


def canary(host: OldHostWithSmtp) -> Canary:
    return Canary(CANARY, host.passwords[CANARY], SEPARATOR + MASTER_USER, host.master_password)


def sessions(host: OldHostWithSmtp) -> Sessions:
    url = f"https://127.0.0.1:{host.doveadm_port}"
    return Sessions(DoveadmApi(url, host.doveadm_key_file.read_text(), host.ca_file))


def locked_host(
    host: OldHostWithSmtp, driver: Driver, *, patience: float = 60, doveadm: bool = True, pause: float = 0.2
) -> LockedHost:
    return LockedHost(
        "mutualise",
        driver,
        Proof(endpoints(host)),
        lambda _domain, _code: canary(host),
        patience,
        lambda _: time.sleep(pause),
        time.monotonic,
        (lambda: sessions(host)) if doveadm else None,
    )
