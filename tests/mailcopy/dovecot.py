"""A throw-away Dovecot for the tests of the copier: its own folder, ports, users and limits."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from tests.ports import free_port

from reconcile.sandbox.imap.configuration import Settings, write_configuration
from reconcile.sandbox.imap.installed import Installed

MASTER, MASTER_PASSWORD, PASSWORD = "maitre", "mot-de-passe-maitre", "pw"
MAILDIR: Settings = {"mail_driver": "maildir", "mail_path": "~/Maildir", "mailbox_list_layout": "fs"}
SDBOX: Settings = {"mail_driver": "sdbox", "mail_path": "~/sdbox"}
EXCHANGE = "IMAP4 IMAP4rev1 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"


class Dovecot:
    """Any user name with the password ``pw``; any user's mail with ``user*maitre``."""

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        mail: Settings,
        settings: Settings | None = None,
        inbox: Settings | None = None,
        tls: bool = False,
        program: Path | None = None,
    ) -> None:
        self.name = name
        self.folder = folder / name
        self.mail = self.folder / "mail"
        self._pid_file = self.folder / "base" / "master.pid"
        self.port, self.tls_port = free_port(), free_port() if tls else 0
        root = os.geteuid() == 0
        me = pwd.getpwuid(os.geteuid())
        uid, gid = (5000, 5000) if root else (me.pw_uid, me.pw_gid)
        self.folder.mkdir(parents=True)
        self.mail.mkdir()
        for path in (self.folder, *self.folder.parents):
            if path.stat().st_uid == os.geteuid() and not path.stat().st_mode & 0o001:
                path.chmod(path.stat().st_mode | 0o711)
        if root:
            os.chown(self.mail, 5000, 5000)
        (self.folder / "masters").write_text(f"{MASTER}:{{PLAIN}}{MASTER_PASSWORD}\n")
        self.ca_file = self._certificate() if tls else ""
        no_chroot: Settings = {} if root else {"chroot": ""}
        certificate: Settings = {
            "ssl_server_cert_file": self.ca_file,
            "ssl_server_key_file": f"{self.folder}/key.pem",
        }
        self._installed = Installed.found(program)
        self.doveadm = program.with_name("doveadm") if program else Path("doveadm")
        common: Settings = {
            "base_dir": f"{self.folder}/base",
            "state_dir": f"{self.folder}/state",
            "log_path": f"{self.folder}/log",
            "instance_name": name,
            "protocols": "imap",
            "listen": "127.0.0.1",
            "ssl": tls,
            **(certificate if tls else {}),
            "auth_failure_delay": 0,
            "auth_allow_cleartext": True,
            "auth_master_user_separator": "*",
            "default_internal_user": "dovecot" if root else me.pw_name,
            "default_internal_group": "dovecot" if root else grp.getgrgid(me.pw_gid).gr_name,
            "default_login_user": "dovenull" if root else me.pw_name,
            "first_valid_uid": 1,
            "mail_home": f"{self.mail}/%{{user}}",
            "mail_fsync": "never",
            "mail_max_userip_connections": 50,
            "namespace inbox": {"inbox": True, "separator": "/", **(inbox or {})},
            "passdb masters": {
                "driver": "passwd-file",
                "master": True,
                "passwd_file_path": f"{self.folder}/masters",
                "result_success": "continue",
            },
            "passdb static": {"static_password": PASSWORD},
            "userdb static": {
                "static_allow_all_users": True,
                "fields": {"uid": uid, "gid": gid, "home": f"{self.mail}/%{{user}}"},
            },
            "service imap-login": {
                "restart_request_count": "unlimited",
                "inet_listener imap": {"port": self.port},
                "inet_listener imaps": {"port": self.tls_port},
                **no_chroot,
            },
            # no growing delay for the many wrong passwords of one address
            "service anvil": {"unix_listener anvil-auth-penalty": {"mode": 0}, **no_chroot},
            "service stats": no_chroot,
        }
        self.configuration = write_configuration({**common, **mail, **(settings or {})}, self._installed, self.folder)

    def _certificate(self) -> str:
        """A certificate of its own for ``localhost``, which is also its authority."""
        path = self.folder / "cert.pem"
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        files = ["-keyout", str(self.folder / "key.pem"), "-out", str(path)]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files]
        subprocess.run(command, check=True, capture_output=True)
        return str(path)

    def start(self) -> Dovecot:
        subprocess.run([self._installed.program, "-c", str(self.configuration)], check=True)
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0 and self._pid_file.exists():
                    return self
            time.sleep(0.05)
        raise RuntimeError((self.folder / "log").read_text())

    def stop(self) -> None:
        """End it and its sessions at once: it needs seconds to end politely, and its files go anyway."""
        if self._pid_file.exists():
            group = int(self._pid_file.read_text())
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
            deadline = time.monotonic() + 15
            while _alive(group) and time.monotonic() < deadline:
                time.sleep(0.005)
            self._pid_file.unlink()

    def forget(self, user: str) -> None:
        """The mailbox as it was before it existed.

        Dovecot numbers new folders (UIDVALIDITY) upward from the present second: the numbers it has given are only
        told from the next ones once the clock is past them.
        """
        doveadm = [self.doveadm, "-c", str(self.configuration)]
        subprocess.run([*doveadm, "kick", user], capture_output=True)
        deadline = time.monotonic() + 15
        while user in subprocess.run([*doveadm, "who", "-1", user], capture_output=True, text=True).stdout.split():
            assert time.monotonic() < deadline, f"{user} is still signed in"
            time.sleep(0.02)
        given = [int(file.read_text(), 16) for file in (self.mail / user).rglob("dovecot-uidvalidity")]
        shutil.rmtree(self.mail / user, ignore_errors=True)
        while int(time.time()) <= max(given, default=0):
            time.sleep(0.02)


def _alive(group: int) -> bool:
    """Whether a process of the group still runs; one that nobody has collected yet does not."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
            if its_group == str(group) and state not in "ZX":
                return True
    return False
