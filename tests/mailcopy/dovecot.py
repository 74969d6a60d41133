"""A throw-away Dovecot 2.3 for the tests of the copier: its own folder, ports, users and limits."""

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

MASTER, MASTER_PASSWORD, PASSWORD = "maitre", "mot-de-passe-maitre", "pw"
EXCHANGE = "IMAP4 IMAP4rev1 SASL-IR UIDPLUS MOVE ID UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"


class Dovecot:
    """Any user name with the password ``pw``; any user's mail with ``user*maitre``."""

    def __init__(
        self, folder: Path, name: str, *, location: str, settings: str = "", inbox: str = "", tls: bool = False
    ) -> None:
        self.name = name
        self.folder = folder / name
        self.mail = self.folder / "mail"
        self._pid_file = self.folder / "base" / "master.pid"
        self.port, self.tls_port = free_port(), free_port() if tls else 0
        root = os.geteuid() == 0
        me = pwd.getpwuid(os.geteuid())
        uid, gid = ("5000", "5000") if root else (str(me.pw_uid), str(me.pw_gid))
        self.folder.mkdir(parents=True)
        self.mail.mkdir()
        for path in (self.folder, *self.folder.parents):
            if path.stat().st_uid == os.geteuid() and not path.stat().st_mode & 0o001:
                path.chmod(path.stat().st_mode | 0o711)
        if root:
            os.chown(self.mail, 5000, 5000)
        (self.folder / "masters").write_text(f"{MASTER}:{{PLAIN}}{MASTER_PASSWORD}\n")
        self.ca_file = self._certificate() if tls else ""
        chroot = "" if root else "chroot ="
        self.configuration = self.folder / "dovecot.conf"
        self.configuration.write_text(f"""
base_dir = {self.folder}/base
state_dir = {self.folder}/state
log_path = {self.folder}/log
instance_name = {name}
protocols = imap
listen = 127.0.0.1
ssl = {"yes" if tls else "no"}
{f"ssl_cert = <{self.ca_file}" if tls else ""}
{f"ssl_key = <{self.folder}/key.pem" if tls else ""}
auth_failure_delay = 0
disable_plaintext_auth = no
auth_master_user_separator = *
default_internal_user = {"dovecot" if root else me.pw_name}
default_internal_group = {"dovecot" if root else grp.getgrgid(me.pw_gid).gr_name}
default_login_user = {"dovenull" if root else me.pw_name}
first_valid_uid = 1
mail_home = {self.mail}/%u
mail_location = {location}
mail_fsync = never
mail_max_userip_connections = 50
namespace inbox {{
  inbox = yes
  separator = /
  {inbox}
}}
passdb {{
  driver = passwd-file
  master = yes
  args = {self.folder}/masters
  result_success = continue
}}
passdb {{
  driver = static
  args = password={PASSWORD}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={self.mail}/%u allow_all_users=yes
}}
service imap-login {{
  {chroot}
  service_count = 0
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
  }}
}}
service anvil {{
  {chroot}
  # no growing delay for the many wrong passwords of one address
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  {chroot}
}}
{settings}
""")

    def _certificate(self) -> str:
        """A certificate of its own for ``localhost``, which is also its authority."""
        path = self.folder / "cert.pem"
        subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        files = ["-keyout", str(self.folder / "key.pem"), "-out", str(path)]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files]
        subprocess.run(command, check=True, capture_output=True)
        return str(path)

    def start(self) -> Dovecot:
        subprocess.run(["dovecot", "-c", str(self.configuration)], check=True)
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
        """The mailbox as it was before it existed."""
        subprocess.run(["doveadm", "-c", str(self.configuration), "kick", user], capture_output=True)
        shutil.rmtree(self.mail / user, ignore_errors=True)


def _alive(group: int) -> bool:
    """Whether a process of the group still runs; one that nobody has collected yet does not."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
            if its_group == str(group) and state not in "ZX":
                return True
    return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
