"""A throw-away Cyrus IMAP 3.6, an old host that is not Dovecot: prefix ``INBOX.``, separator ``.``, strict on APPEND.

Debian's cyrus-imapd and dovecot-imapd exclude each other, so ``scripts/test-cyrus`` unpacks it into a folder instead.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from tests.mailcopy.dovecot import PASSWORD
from tests.ports import free_port

IMAPD = """
configdirectory: {root}/config
proc_path: {root}/run/proc
mboxname_lockpath: {root}/run/lock
defaultpartition: default
partition-default: {root}/spool
altnamespace: no
unixhierarchysep: no
cyrus_user: mail
cyrus_group: mail
allowplaintext: yes
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {root}/sasldb2
sasl_mech_list: PLAIN LOGIN
autocreate_quota: 0
createonpost: yes
conversations: no
"""
MASTER = """
START {{
  recover cmd="{bin}/ctl_cyrusdb -r -C {root}/imapd.conf"
}}
SERVICES {{
  imap cmd="{bin}/imapd -U 30 -C {root}/imapd.conf" listen="127.0.0.1:{port}" prefork=1 maxchild=50
}}
EVENTS {{
}}
"""


class Cyrus:
    """``unpacked``: where Debian's packages were unpacked. Users have the password ``pw``."""

    def __init__(self, root: Path, unpacked: Path, users: list[str]) -> None:
        self.root = root
        self.port = free_port()
        programs = unpacked / "usr" / "lib" / "cyrus"
        libraries = [unpacked / "usr/lib/x86_64-linux-gnu", unpacked / "lib/x86_64-linux-gnu", programs]
        self._environment = {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, libraries))}
        self._master = unpacked / "usr" / "sbin" / "cyrmaster"
        names = ("db", "socket", "user", "quota", "log", "msg", "proc", "ptclient", "lock", "sync")
        for folder in (
            *(root / "config" / name for name in names),
            root / "run/proc",
            root / "run/lock",
            root / "spool",
        ):
            folder.mkdir(parents=True)
        (root / "imapd.conf").write_text(IMAPD.format(root=root))
        (root / "cyrus.conf").write_text(MASTER.format(root=root, bin=programs / "bin", port=self.port))
        for user in users:
            command = [str(unpacked / "usr/sbin/saslpasswd2"), "-p", "-c", "-u", socket.gethostname()]
            subprocess.run(
                [*command, "-f", str(root / "sasldb2"), user],
                input=PASSWORD.encode(),
                check=True,
                env=self._environment,
            )
        subprocess.run(["chown", "-R", "mail:mail", str(root)], check=True)
        for folder in (root, *root.parents):
            if not folder.stat().st_mode & 0o001:
                folder.chmod(folder.stat().st_mode | 0o711)

    def start(self) -> Cyrus:
        options = ["-D", "-C", f"{self.root}/imapd.conf", "-M", f"{self.root}/cyrus.conf"]
        places = ["-p", f"{self.root}/run/master.pid", "-L", f"{self.root}/run/master.log"]
        with (self.root / "out").open("wb") as out:
            self._running = subprocess.Popen(
                [str(self._master), *options, *places], env=self._environment, stdout=out, stderr=out
            )
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.05)
        raise RuntimeError((self.root / "out").read_text())

    def stop(self) -> None:
        self._running.terminate()
        self._running.wait()
        shutil.rmtree(self.root, ignore_errors=True)
