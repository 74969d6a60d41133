"""The sources that reconcile.toml names for an old host, with their credentials."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconcile.cli.session.legacy_secrets import database_password, variable_of
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.legacy.sign_in import sign_in
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.settings.tables.legacy.legacy import LegacyServer
    from reconcile.providers.legacy.inventory.contract import Source


def sources_of(session: Session, name: str) -> list[Source]:
    """The sources of [legacy.NAME], those that know which login opens which address before those that need it.

    Raises Problem INV20 when it has none, AUTH01 when a credential is missing.
    """
    server = session.outside.legacy.get(name)
    if server is None:
        known = ", ".join(sorted(session.settings.legacy))
        raise Problem(
            "INV20",
            Phrase("The old host {name!r} is not in reconcile.toml.", name=name),
            Phrase("the known ones: {known}", known=known),
        )
    found = list(_sources(session, name, server))
    if not found:
        hint = Phrase("add a table such as [legacy.{name}.inventory.csv]; see docs/inventory.md", name=name)
        raise Problem(
            "INV20", Phrase("reconcile.toml says nowhere what the old host {name} may be read from.", name=name), hint
        )
    return found


def _sources(session: Session, name: str, server: LegacyServer) -> Iterator[Source]:
    tables = server.inventory
    if tables.csv is not None:
        from reconcile.providers.legacy.inventory.csv_file import CsvFile

        yield CsvFile(tables.csv.file)
    if tables.sql is not None:
        from reconcile.providers.legacy.inventory.sql import SqlDatabase

        sql = tables.sql
        password = database_password(session, name, "SQL_PASSWORD", sql.password_file)
        yield SqlDatabase(sql.database_file or sql.database, password, sql.mailboxes, sql.aliases)
    if tables.command is not None:
        from reconcile.providers.legacy.inventory.command import Command

        command = tables.command
        yield Command(command.command, session.environment, command.timeout_seconds)
    if tables.ovh is not None:
        from reconcile.providers.legacy.inventory.ovh import Ovh
        from reconcile.providers.legacy.inventory.ovh_api import OvhApi, OvhKeys

        ovh = tables.ovh
        application, secret, consumer = (
            session.secret(
                variable_of(name, f"OVH_{what.upper()}"),
                file,
                Phrase("OVH {value} of {name}", value=what.replace("_", " "), name=name),
            )
            for what, file in (
                ("application_key", ovh.application_key_file),
                ("application_secret", ovh.application_secret_file),
                ("consumer_key", ovh.consumer_key_file),
            )
        )
        keys = OvhKeys(application, secret, consumer)
        yield Ovh(OvhApi(ovh.endpoint, keys, session.clock, ovh.ca_file), session.clock)
    if tables.doveadm is not None:
        from reconcile.providers.legacy.inventory.doveadm import Doveadm
        from reconcile.providers.legacy.inventory.doveadm_api import DoveadmApi

        doveadm = tables.doveadm
        key = session.secret(
            variable_of(name, "DOVEADM_KEY"), doveadm.key_file, Phrase("doveadm_api_key of {name}", name=name)
        )
        yield Doveadm(DoveadmApi(doveadm.url, key, doveadm.ca_file))
    if tables.imap is not None or tables.managesieve is not None:
        from reconcile.providers.legacy.inventory.imap import ImapScale
        from reconcile.providers.legacy.inventory.manage_sieve import ManageSieve

        opening = sign_in(session, server)
        if tables.imap is not None:
            logins = tables.imap.logins
            yield ImapScale(server.host, server.port, opening, logins, tls=server.tls, ca_file=server.ca_file)
        if tables.managesieve is not None:
            port = tables.managesieve.port
            yield ManageSieve(server.host, port, opening, tls=bool(server.tls), ca_file=server.ca_file)
