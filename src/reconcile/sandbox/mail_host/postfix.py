"""One Postfix of our own, under one folder, beside the Dovecot whose boxes it fills."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.sandbox.mail_host.configuration import Place, Ports, main_cf, master_cf
from reconcile.sandbox.mail_host.installed import InstalledPostfix
from reconcile.sandbox.mail_host.tables import TABLES, Tables
from reconcile.sandbox.processes import end_group, free_port
from reconcile.sandbox.tenant.https.certificates import Certificates

_START_SECONDS = 30
_PRIVATE = (
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "incoming",
    "private",
    "saved",
    "trace",
)


class Postfix:
    """A Postfix under ``folder`` that listens on 127.0.0.1. ``tables`` may be filled before it starts, and changed
    while it runs: what is changed counts after ``reload``. ``ports`` are known once started.
    """

    def __init__(self, folder: Path, certificates: Certificates, dovecot: Path | None = None) -> None:
        self.folder = folder
        self._certificates = certificates
        self._installed = InstalledPostfix.found(dovecot)
        self._process: subprocess.Popen[bytes] | None = None
        self.ports = Ports(0, 0, 0, 0, 0)
        self.tables = Tables(folder / "tables")
        self._make_folders()
        for table in TABLES:
            self.tables.write(table, {})

    @property
    def configuration(self) -> Path:
        """What ``postfix -c``, ``postqueue -c`` and the like are given."""
        return self.folder / "etc"

    def start(self, lmtp: int, sasl: int, world: int = 0) -> None:
        """Run before Dovecot's ``lmtp`` and ``sasl`` ports; ``world`` takes what is for elsewhere.

        Raises Problem SBX11 when it did not start.
        """
        place = Place(self.folder, self._certificates.server, self._certificates.key)
        for _ in range(5):  # a port found free may be taken a moment later
            self.ports = Ports(free_port(), free_port(), free_port(), lmtp, sasl)
            main = main_cf(place, self._installed, self.ports, self.tables.parameters(), world)
            (self.configuration / "main.cf").write_text(main, encoding="utf-8")
            (self.configuration / "master.cf").write_text(master_cf(self.ports), encoding="utf-8")
            with (self.folder / "start.log").open("wb") as log:
                command = [str(self._installed.daemons / "master"), "-d", "-c", str(self.configuration)]
                self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
            (self.folder / "pid").write_text(str(self._process.pid))
            if self._greets():
                return
        raise Problem(
            "SBX11",
            Phrase("The sandbox's old host did not start its Postfix: {last_words}", last_words=self._last_words()),
        )

    def reload(self) -> None:
        """Have it read its tables and its configuration again, as ``postfix reload`` does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    def stop(self) -> None:
        """End it, and whatever it was delivering. Harmless when stopped already."""
        if self._process is not None:
            end_group(self._process.pid)
            self._process.wait()
            self._process = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _make_folders(self) -> None:
        for folder in (self.folder, self.configuration, self.tables.folder, self.folder / "queue"):
            folder.mkdir(parents=True)
            folder.chmod(0o755)
        queue = self.folder / "queue"
        (queue / "pid").mkdir(mode=0o755)
        for name in _PRIVATE:
            _owned(queue / name, 0o700)
        _owned(queue / "public", 0o710, "postdrop")
        _owned(queue / "maildrop", 0o730, "postdrop")
        _owned(self.folder / "lib", 0o700)

    def _greets(self) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.running:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ports.local), 5) as probe:
                if probe.recv(4) == b"220 ":
                    return True
            time.sleep(0.01)
        self.stop()
        return False

    def _last_words(self) -> str:
        texts = [self.folder / name for name in ("start.log", "postfix.log")]
        lines = [line for text in texts if text.exists() for line in text.read_text(errors="replace").splitlines()]
        return next((line for line in reversed(lines) if "fatal" in line or "error" in line), "it left no message.")


def _owned(folder: Path, mode: int, group: str = "") -> None:
    folder.mkdir()
    shutil.chown(folder, "postfix", group or None)
    folder.chmod(mode)  # mkdir's mode is less what umask takes away
