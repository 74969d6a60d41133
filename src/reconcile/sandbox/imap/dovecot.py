"""One Dovecot of our own: everything it writes stands in one folder, root or not."""

from __future__ import annotations

import contextlib
import dataclasses
import grp
import os
import pwd
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Self

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.sandbox.imap.configuration import Settings, write_configuration
from reconcile.sandbox.imap.installed import Installed
from reconcile.sandbox.processes import end_group, free_port
from reconcile.sandbox.tenant.https.certificates import Certificates, issue_certificates

_START_SECONDS = 10

_LOGIN_CHARACTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_@+'&"


@dataclasses.dataclass(frozen=True, slots=True)
class MailOwner:
    """Who owns the mail files: the ``mail`` account when we are root (Dovecot refuses root's), else ourselves."""

    uid: int
    gid: int
    name: str
    group: str

    @classmethod
    def of_this_process(cls) -> Self:
        """Raises Problem SBX14 when we run under a number that has no name, which Dovecot cannot use."""
        try:
            account = pwd.getpwnam("mail") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
            return cls(account.pw_uid, account.pw_gid, account.pw_name, grp.getgrgid(account.pw_gid).gr_name)
        except KeyError:
            message = Phrase(
                "User {user} has no name on this machine; the sandbox's mail hosts need one.", user=os.geteuid()
            )
            raise Problem("SBX14", message, "run as root, or as a user listed in /etc/passwd") from None

    def must_reach(self, folder: Path) -> None:
        """Raises Problem SBX15 when a folder above is closed to everybody, and so to the mail's owner."""
        closed = [above for above in folder.parents if not above.stat().st_mode & 0o001]
        if os.geteuid() == 0 and closed:
            message = Phrase(
                "The sandbox's mail hosts run as the user {name}, who may not enter {closed}.",
                name=self.name,
                closed=closed[-1],
            )
            raise Problem("SBX15", message, "set TMPDIR to a folder open to all, such as /tmp")

    def service_accounts(self) -> Settings:
        """Whom Dovecot's own processes run as: its accounts when we are root, else ourselves."""
        root = os.geteuid() == 0
        return {
            "default_internal_user": "dovecot" if root else self.name,
            "default_internal_group": "dovecot" if root else self.group,
            "default_login_user": "dovenull" if root else self.name,
        }

    def no_chroot(self) -> Settings:
        """Only root may have a service enter a folder of its own."""
        return {} if os.geteuid() == 0 else {"chroot": ""}

    def take(self, path: Path) -> None:
        """Give one file or folder to the owner."""
        if os.geteuid() == 0:
            os.lchown(path, self.uid, self.gid)


class Dovecot:
    """A Dovecot under ``folder``, speaking IMAP over TLS on 127.0.0.1. ``port`` is known once started, and so is
    ``doveadm_port``, of the doveadm HTTP API (over TLS), 0 without one.

    ``program`` is its master when it is not this machine's: two hosts may be of two releases.
    """

    def __init__(self, name: str, folder: Path, program: Path | None = None) -> None:
        self.name = name
        self.folder = folder
        self._program = program
        self.owner = MailOwner.of_this_process()
        self.owner.must_reach(folder)
        self.mail = folder / "mail"
        folder.mkdir(parents=True)
        folder.chmod(0o711)  # the mail's owner goes through
        self.mail.mkdir(mode=0o700)
        self.owner.take(self.mail)
        self.certificates: Certificates = issue_certificates(folder / "tls")
        self.ca_file = self.certificates.authority
        self.port = self.doveadm_port = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, settings: Settings, doveadm_key: str = "") -> None:
        """Run with the common settings and these after them; return once it listens. ``doveadm_key`` opens the doveadm
        HTTP API; "" for none.

        Raises Problem SBX10 (no Dovecot that will do is installed) or SBX11 (it did not start).
        """
        installed = Installed.found(self._program)
        for _ in range(5):  # a port found free may be taken a moment later
            self.port = free_port()
            doveadm = self._doveadm(doveadm_key) if doveadm_key else {}
            wanted = {**self._common(), **doveadm, **_filters(installed), **settings}
            configuration = write_configuration(wanted, installed, self.folder)
            with (self.folder / "start.log").open("wb") as log:
                self._process = subprocess.Popen(
                    [installed.program, "-F", "-c", str(configuration)], stdout=log, stderr=log, start_new_session=True
                )
            (self.folder / "pid").write_text(str(self._process.pid))
            if self._listens():
                return
        raise Problem(
            "SBX11",
            Phrase(
                "The sandbox's {name} mail host did not start: {last_words}",
                name=self.name,
                last_words=self._last_words(),
            ),
        )

    def stop(self) -> None:
        """End it and every session. Harmless when stopped already."""
        if self._process is None:
            return
        end_group(self._process.pid)
        self._process.wait()
        self._process = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _common(self) -> Settings:
        """What both hosts share. Failed logins cost nothing here: the delays would only slow the tests down."""
        owner = self.owner
        return {
            "base_dir": f"{self.folder}/base",
            "state_dir": f"{self.folder}/state",
            "log_path": f"{self.folder}/dovecot.log",
            "instance_name": f"sandbox-{self.name}",
            "protocols": "imap",
            "listen": "127.0.0.1",
            "ssl": True,
            "ssl_server_cert_file": str(self.certificates.server),
            "ssl_server_key_file": str(self.certificates.key),
            "auth_verbose": True,
            "auth_username_chars": _LOGIN_CHARACTERS,
            "auth_failure_delay": 0,
            "default_process_limit": 100,
            "first_valid_uid": 1,
            "mail_uid": owner.uid,
            "mail_gid": owner.gid,
            "mail_fsync": "never",
            **owner.service_accounts(),
            "service imap-login": {
                "restart_request_count": "unlimited",
                "process_min_avail": 1,
                "inet_listener imap": {"port": 0},
                "inet_listener imaps": {"port": self.port, "ssl": True},
                **owner.no_chroot(),
            },
            "service imap": {"restart_request_count": 64, "process_limit": 500},
            "service anvil": {"unix_listener anvil-auth-penalty": {"mode": 0}, **owner.no_chroot()},
            "service stats": owner.no_chroot(),
        }

    def _doveadm(self, key: str) -> Settings:
        self.doveadm_port = free_port()
        listener = {"inet_listener http": {"port": self.doveadm_port, "ssl": True}}
        return {"doveadm_api_key": key, "service doveadm": listener}

    def _listens(self) -> bool:
        """Whether it came up; false when it ended instead. Who answers is known by its certificate: a server that was
        given the same port a moment before would answer as well."""
        ours = ssl.create_default_context(cafile=str(self.ca_file))
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.running:
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", self.port), _START_SECONDS) as probe,
                ours.wrap_socket(probe, server_hostname="127.0.0.1"),
            ):
                return True
            time.sleep(0.01)
        self.stop()
        return False

    def _last_words(self) -> str:
        texts = [(self.folder / name) for name in ("start.log", "dovecot.log")]
        lines = [line for text in texts if text.exists() for line in text.read_text(errors="replace").splitlines()]
        return next((line for line in reversed(lines) if "Fatal" in line or "Error" in line), "it left no message.")


def _filters(installed: Installed) -> Settings:
    """Where Sieve scripts lie. What 2.3 takes for granted, 2.4 wants said, if it has Sieve at all."""
    if installed.release == (2, 3) or not installed.sieve:
        return {}
    return {"sieve_script personal": {"driver": "file", "path": "~/sieve", "active_path": "~/.dovecot.sieve"}}
