"""The old hosts that reconcile.toml says how to hand over, with the password of who proves it, asked for when used."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.legacy_secrets import database_password, variable_of
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.legacy.locks import place
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.config.settings.tables.legacy.handover import Handover
    from reconcile.config.settings.tables.legacy.legacy import LegacyServer
    from reconcile.providers.legacy.handover.driver import Driver
    from reconcile.providers.legacy.handover.host import HandedOverHost
    from reconcile.providers.legacy.handover.probe import Prober


def handed_over_hosts(session: Session) -> dict[str, HandedOverHost]:
    """By name."""
    servers = session.outside.legacy
    return {name: _host(session, name, one, one.handover) for name, one in servers.items() if one.handover}


def _host(session: Session, name: str, server: LegacyServer, handover: Handover) -> HandedOverHost:
    from reconcile.providers.legacy.handover.host import HandedOverHost
    from reconcile.providers.legacy.handover.probe import Prober
    from reconcile.providers.legacy.lock.canary import Canary, Endpoints

    def prober() -> Prober:
        sender = handover.sender
        variable = variable_of(name, "HANDOVER_PASSWORD")
        password = session.secret(
            variable, handover.sender_password_file, Phrase("password of {sender}", sender=sender)
        )
        submission = place(handover.submission)
        imap = (server.host, server.port)
        endpoints = Endpoints(imap, None, submission, ("", 0), server.ca_file, server.tls)
        return Prober(
            endpoints,
            Canary(sender.lower(), password),
            handover.tenant_servers,
            lambda: uuid.uuid4().hex,
            handover.patience_seconds,
            time.sleep,
            time.monotonic,
        )

    return HandedOverHost(name, _driver(session, name, handover), prober)


def _driver(session: Session, name: str, handover: Handover) -> Driver:
    folder = session.state / "handovers"
    if handover.postfix is not None:
        from reconcile.providers.legacy.handover.dump import Dump
        from reconcile.providers.legacy.handover.postfix import PostfixTables

        tables = handover.postfix
        files = (tables.virtual_domains_file, tables.relay_domains_file, [tables.aliases_file])
        return PostfixTables(*files, Dump(folder, name), _reload(session, tables.reload, tables.timeout_seconds))
    if handover.sql is not None:
        from reconcile.providers.legacy.handover.sql import SqlTables
        from reconcile.providers.legacy.handover.sql_dump import SqlDump

        sql = handover.sql
        password = database_password(session, name, "HANDOVER_SQL_PASSWORD", sql.password_file)
        reload = _reload(session, sql.reload, sql.timeout_seconds)
        return SqlTables(sql.database_file or sql.database, password, sql.rows, SqlDump(folder, name), reload)
    if handover.command is not None:
        from reconcile.providers.legacy.handover.command import HandoverCommand

        return HandoverCommand(handover.command.command, session.environment, handover.command.timeout_seconds)
    from reconcile.providers.legacy.handover.by_hand import ByHand

    by_hand = handover.by_hand
    return ByHand(by_hand.hand_over if by_hand else (), by_hand.take_back if by_hand else ())


def _reload(session: Session, words: Sequence[str], timeout: float) -> Callable[[], None]:
    def reload() -> None:
        from reconcile.providers.legacy.own_command import answer_of

        if words:
            answer_of(words, b"", session.environment, timeout)

    return reload
