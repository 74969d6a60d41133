"""The tools compared, each as one command in a fresh folder, with its own defaults where they are its users'."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.copy.hosts import USER
from tests.mailcopy.dovecot import PASSWORD, Dovecot

_OURS = """
from reconcile.garbage_collection import tune_garbage_collection
tune_garbage_collection()
import sys
from pathlib import Path
from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.imap.session import Endpoint, Password
old, new, connections, ca = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
def end(port):
    return Endpoint("localhost", port, Password(%r, %r), bool(ca), Path(ca) if ca else None, connections)
print(copy_mailbox(end(old), end(new), Ledger(Path("ledger.sqlite")), SystemClock()))
"""
_OURS_ALL = """
from reconcile.garbage_collection import tune_garbage_collection
tune_garbage_collection()
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.imap.session import Endpoint, Password
old, new, *users = sys.argv[1:]
def copy(user):
    ends = [Endpoint("localhost", int(port), Password(user, %r), False) for port in (old, new)]
    print(copy_mailbox(*ends, Ledger(Path(user + ".sqlite")), SystemClock()))
with ThreadPoolExecutor(len(users)) as pool:
    list(pool.map(copy, users))
"""
_STORE = """
IMAPStore {name}
Host localhost
Port {port}
User {user}
Pass {password}
{tls}
"""
_CHANNEL = """
Channel all
Far :far:
Near :near:
Patterns *
Create Near
Sync Pull
CopyArrivalDate yes
SyncState {folder}/state/
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Ports:
    """Where the two hosts are reached, and the certificates to trust over TLS ("" without)."""

    old: int
    new: int
    old_ca: str = ""
    new_ca: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """Seconds by the clock and of processor, and the most memory held, in MB."""

    seconds: float
    cpu: float
    memory: float


def ours(folder: Path, ports: Ports, connections: int = 8) -> Result:
    authorities = ""
    if ports.old_ca:
        both = folder / "authorities.pem"
        both.write_text(Path(ports.old_ca).read_text() + Path(ports.new_ca).read_text())
        authorities = str(both)
    where = [str(ports.old), str(ports.new), str(connections), authorities]
    return timed([sys.executable, "-c", _OURS % (USER, PASSWORD), *where], folder)


def ours_all(folder: Path, ports: Ports, users: Sequence[str]) -> Result:
    """Many mailboxes at once, in one process."""
    return timed([sys.executable, "-c", _OURS_ALL % PASSWORD, str(ports.old), str(ports.new), *users], folder)


def imapsync(folder: Path, ports: Ports) -> Result:
    """As its users run it; ``IMAPSYNC`` names the script. It wants ports and passwords on its command line."""
    command = ["perl", os.environ["IMAPSYNC"], "--nolog", "--tmpdir", str(folder), "--pidfile", str(folder / "pid")]
    for number, port in ((1, ports.old), (2, ports.new)):
        command += [
            f"--host{number}",
            "127.0.0.1",
            f"--port{number}",
            str(port),
            f"--nossl{number}",
            f"--notls{number}",
        ]
        command += [f"--user{number}", USER, f"--password{number}", PASSWORD]
    return timed(command, folder)


def mbsync(folder: Path, ports: Ports) -> Result:
    stores = []
    for name, port, authority in (("far", ports.old, ports.old_ca), ("near", ports.new, ports.new_ca)):
        stores.append(_STORE.format(name=name, port=port, user=USER, password=PASSWORD, tls=_mbsync_tls(authority)))
    (folder / "state").mkdir(exist_ok=True)
    (folder / "mbsyncrc").write_text("FSync no\n" + "".join(stores) + _CHANNEL.format(folder=folder))
    return timed(["mbsync", "-q", "-c", "mbsyncrc", "-a"], folder)


def mbsync_all(folder: Path, ports: Ports, users: Sequence[tuple[str, str]]) -> Result:
    """One mbsync for each mailbox, all at once. ``users``: its name at the old host and at the new one."""
    commands = []
    for user, box in users:
        place = folder / user
        (place / "state").mkdir(parents=True)
        ends = (("far", ports.old, user, ports.old_ca), ("near", ports.new, box, ports.new_ca))
        stores = [
            _STORE.format(name=name, port=port, user=login, password=PASSWORD, tls=_mbsync_tls(authority))
            for name, port, login, authority in ends
        ]
        (place / "mbsyncrc").write_text("FSync no\n" + "".join(stores) + _CHANNEL.format(folder=place))
        commands.append(shlex.join(["mbsync", "-q", "-c", str(place / "mbsyncrc"), "-a"]))
    return timed(["sh", "-c", " & ".join(commands) + " & wait"], folder)


def _mbsync_tls(authority: str) -> str:
    return f"SSLType IMAPS\nCertificateFile {authority}" if authority else "SSLType None\nAuthMechs LOGIN"


def dsync(folder: Path, ports: Ports, new: Dovecot) -> Result:
    """Dovecot's own, the source over IMAP, the destination's files written directly: the limit, not a peer."""
    return timed(_dsync(ports, new, USER), folder)


def dsync_all(folder: Path, ports: Ports, new: Dovecot, users: Sequence[str]) -> Result:
    """One dsync for each mailbox, all at once."""
    commands = [shlex.join(_dsync(ports, new, user)) for user in users]
    return timed(["sh", "-c", " & ".join(commands) + " & wait"], folder)


def _dsync(ports: Ports, new: Dovecot, user: str) -> list[str]:
    source = {"imapc_host": "127.0.0.1", "imapc_port": str(ports.old), "imapc_password": PASSWORD}
    options = [word for name, value in source.items() for word in ("-o", f"{name}={value}")]
    command = ["doveadm", "-c", str(new.configuration), *options, "-o", "mail_fsync=never"]
    return [*command, "backup", "-u", user, "-R", "imapc:"]


def warm_up() -> None:
    """Have our modules compiled, as installing does it, also where the environment says not to write bytecode."""
    subprocess.run(
        [sys.executable, "-c", "import imapclient, reconcile.mailcopy.passes"], env=_environment(), check=True
    )


def timed(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Result:
    """Run the command; raises RuntimeError with its last words when it fails."""
    log = folder / "log"
    with log.open("ab") as words:
        began = time.perf_counter()
        child = subprocess.Popen(command, cwd=folder, stdout=words, stderr=words, env=environment or _environment())
        memory = 0.0
        end = os.pidfd_open(child.pid)
        while not select.select([end], [], [], 0.01)[0]:
            memory = max(memory, peak(child.pid))
        seconds = time.perf_counter() - began
        os.close(end)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{command[0]}: {log.read_text()[-2000:]}")
    return Result(seconds, usage.ru_utime + usage.ru_stime, memory)


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def peak(pid: int) -> float:
    """The most memory a process has held, in MB. (ru_maxrss would count its parent's, from before the exec.)"""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0
