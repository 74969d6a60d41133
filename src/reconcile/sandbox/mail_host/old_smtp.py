"""The old host whole: it also receives, lets its users send, and speaks POP3, by a Postfix before its Dovecot."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reconcile.problem import Problem
from reconcile.sandbox.imap.configuration import Settings
from reconcile.sandbox.imap.old import NOTHING_MORE, Accounts, OldHost
from reconcile.sandbox.mail_host.postfix import Postfix
from reconcile.sandbox.processes import free_port

_ATTEMPTS = 3


class OldHostWithSmtp(OldHost):
    """As ``OldHost``, with ``postfix`` before it. Its boxes are known to Postfix by the addresses of ``accounts``, its
    aliases by the table ``alias`` there, from the start on; its domains are those of both.

    Raises Problem SBX16 when this machine lacks what it takes.
    """

    def __init__(
        self,
        folder: Path,
        logins: Sequence[str],
        program: Path | None = None,
        accounts: Accounts = NOTHING_MORE,
        *,
        world: int = 0,
        **options: Any,
    ) -> None:
        super().__init__(folder, logins, program, accounts, **options)
        self.postfix = Postfix(folder / "postfix", self._dovecot.certificates, program)
        self._world = world
        self.pop3_port = self._lmtp_port = self._sasl_port = 0
        self._fill_tables()

    def start(self) -> None:
        """Start listening. Raises Problem SBX10 or SBX11."""
        for left in reversed(range(_ATTEMPTS)):  # a port found free may be taken a moment later
            self.pop3_port, self._lmtp_port, self._sasl_port = free_port(), free_port(), free_port()
            try:
                super().start()
                break
            except Problem:
                if not left:
                    raise
        try:
            self.postfix.start(self._lmtp_port, self._sasl_port, self._world)
        except BaseException:
            super().stop()
            raise

    def stop(self) -> None:
        self.postfix.stop()
        super().stop()

    def _settings(self) -> Settings:
        usual = super()._settings()
        # Postfix delivers to an address; whose box that is stands in the table of accounts.
        account = "FROM account WHERE login = '%{user | lower}' OR address = '%{user | lower}'"
        boxes: Any = usual["userdb sql"]
        return {
            **usual,
            "protocols": "imap pop3 lmtp",
            "userdb sql": {**boxes, "sql_query": f"SELECT '{self._dovecot.mail}/' || login AS home {account} LIMIT 1"},
            "service pop3-login": {
                "restart_request_count": "unlimited",
                "inet_listener pop3": {"port": 0},
                "inet_listener pop3s": {"port": self.pop3_port, "ssl": True},
                **self.owner.no_chroot(),
            },
            "service lmtp": {"inet_listener lmtp": {"port": self._lmtp_port}},
            "service auth": {"inet_listener sasl": {"port": self._sasl_port}},
        }

    def _fill_tables(self) -> None:
        accounts = sqlite3.connect(self.accounts)
        boxes = {address: login for address, login in accounts.execute("SELECT address, login FROM account") if address}
        aliases = dict(accounts.execute("SELECT address, targets FROM alias"))
        accounts.close()
        names = [name for name in (*boxes, *aliases) if "@" in name]
        tables = self.postfix.tables
        tables.write("virtual_domains", {name.rpartition("@")[2]: "here" for name in names})
        tables.write("virtual_mailboxes", {name: login for name, login in boxes.items() if "@" in name})
        # A catch-all would win over boxes: each is told to stay itself first, as panels do.
        stays = {name: name for name in boxes if "@" in name} if any(one.startswith("@") for one in aliases) else {}
        tables.write("virtual_aliases", stays | aliases)
