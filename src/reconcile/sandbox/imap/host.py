"""What the two mail hosts have in common: a Dovecot that is started, reached and stopped."""

from __future__ import annotations

from pathlib import Path

from reconcile.sandbox.imap.dovecot import Dovecot


class MailHost:
    """A mail host under ``folder``; ``name`` tells it in messages."""

    def __init__(self, name: str, folder: Path) -> None:
        self._dovecot = Dovecot(name, folder)
        self.ca_file = self._dovecot.ca_file

    def stop(self) -> None:
        """End it and every session. Harmless when stopped already."""
        self._dovecot.stop()

    @property
    def port(self) -> int:
        """Where it speaks IMAP over TLS; known once started."""
        return self._dovecot.port

    @property
    def running(self) -> bool:
        return self._dovecot.running

    def _run(self, settings: str, queries: str, **values: object) -> None:
        """Start with these settings; accounts are looked up with ``queries``. Raises Problem SBX10 or SBX11."""
        places = {"folder": self._dovecot.folder, "mail": self._dovecot.mail}
        (self._dovecot.folder / "sql.conf").write_text(queries.format(**places), encoding="utf-8")
        self._dovecot.start(settings.format(**places, **values))
