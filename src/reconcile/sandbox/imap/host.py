"""What the two mail hosts have in common: a Dovecot that is started, reached and stopped."""

from __future__ import annotations

from pathlib import Path

from reconcile.sandbox.imap.dovecot import Dovecot


class MailHost:
    """A mail host under ``folder``; ``name`` tells it in messages, ``program`` runs it in place of this machine's."""

    def __init__(self, name: str, folder: Path, program: Path | None = None) -> None:
        self._dovecot = Dovecot(name, folder, program)
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
