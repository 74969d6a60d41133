"""The old hosts that reconcile.toml says how to lock, with their credentials, asked for when they are used."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from reconcile.cli.session.legacy_secrets import database_password, variable_of
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.config.settings.tables.legacy.legacy import LegacyServer
    from reconcile.config.settings.tables.legacy.lock import Lock
    from reconcile.providers.legacy.lock.canary import Canary
    from reconcile.providers.legacy.lock.driver import Driver
    from reconcile.providers.legacy.lock.host import LockedHost
    from reconcile.providers.legacy.lock.sessions import Sessions


def locked_hosts(session: Session) -> dict[str, LockedHost]:
    """By name."""
    servers = session.outside.legacy
    return {name: _host(session, name, one, one.lock) for name, one in servers.items() if one.lock and one.lockable}


def _host(session: Session, name: str, server: LegacyServer, lock: Lock) -> LockedHost:
    from reconcile.providers.legacy.lock.canary import Canary, Endpoints, Proof
    from reconcile.providers.legacy.lock.host import LockedHost

    endpoints = Endpoints(
        (server.host, server.port),
        place(lock.pop),
        place(lock.submission),
        place(lock.inbound) or ("", 0),
        server.ca_file,
        server.tls,
    )

    def canary(domain: str, code: str) -> Canary:
        password = session.secret(
            variable_of(name, "CANARY_PASSWORD"), lock.canary_password_file, Phrase("canary of {name}", name=name)
        )
        what = Phrase("password of the master user")
        master = session.secret("RECONCILE_LEGACY_PASSWORD", server.master_password_file, what)
        return Canary(lock.canary_of(domain, code), password, server.separator + server.master_user, master)

    driver = _driver(session, name, lock)
    sessions = _sessions(session, name, lock)
    return LockedHost(
        name, driver, Proof(endpoints), canary, lock.patience_seconds, time.sleep, time.monotonic, sessions
    )


def _driver(session: Session, name: str, lock: Lock) -> Driver:
    if lock.deny_file is not None:
        from reconcile.providers.legacy.lock.deny_file import DenyFile

        return DenyFile(lock.deny_file.file)
    if lock.command is not None:
        from reconcile.providers.legacy.lock.command import LockCommand

        return LockCommand(lock.command.command, session.environment, lock.command.timeout_seconds)
    if lock.sql is not None:
        from reconcile.providers.legacy.lock.kept import Kept
        from reconcile.providers.legacy.lock.sql import SqlLock

        keys, sql = session.settings.passwords, lock.sql

        def identity() -> str:
            return session.secret(
                "RECONCILE_VAULT_IDENTITY", keys.identity_file, Phrase("identity that opens the vault")
            )

        password = database_password(session, name, "LOCK_SQL_PASSWORD", sql.password_file)
        kept = Kept(session.state / "locks", name, keys.seal_to, identity)
        return SqlLock(sql.database_file or sql.database, password, sql, kept)
    from reconcile.providers.legacy.lock.by_hand import ByHand

    by_hand = lock.by_hand
    return ByHand(by_hand.lock if by_hand else (), by_hand.unlock if by_hand else ())


def _sessions(session: Session, name: str, lock: Lock) -> Callable[[], Sessions] | None:
    doveadm = lock.doveadm
    if doveadm is None:
        return None

    def sessions() -> Sessions:
        from reconcile.providers.legacy.inventory.doveadm_api import DoveadmApi
        from reconcile.providers.legacy.lock.sessions import Sessions

        key = session.secret(
            variable_of(name, "DOVEADM_KEY"), doveadm.key_file, Phrase("doveadm_api_key of {name}", name=name)
        )
        return Sessions(DoveadmApi(doveadm.url, key, doveadm.ca_file))

    return sessions


def place(text: str | None) -> tuple[str, int] | None:
    if not text:
        return None
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)
