"""The tools compared, each as one command in a fresh folder, with its own defaults where they are its users'."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import time
from pathlib import Path

from bench.copy.hosts import USER
from tests.mailcopy.dovecot import PASSWORD

_OURS = """
import sys
from pathlib import Path
from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox
from reconcile.mailcopy.session import Endpoint, Password
old, new, connections, ca = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
def end(port):
    return Endpoint("localhost", port, Password(%r, %r), bool(ca), Path(ca) if ca else None, connections)
print(copy_mailbox(end(old), end(new), Ledger(Path("ledger.sqlite")), SystemClock()))
"""
_MBSYNC = """
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
    old: int
    new: int
    ca_file: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """Seconds by the clock and of processor, and the most memory held, in MB."""

    seconds: float
    cpu: float
    memory: float


def ours(folder: Path, ports: Ports, connections: int = 2) -> Result:
    program = _OURS % (USER, PASSWORD)
    where = [str(ports.old), str(ports.new), str(connections), ports.ca_file]
    return _timed([sys.executable, "-c", program, *where], folder)


def mbsync(folder: Path, ports: Ports) -> Result:
    tls = f"SSLType IMAPS\nCertificateFile {ports.ca_file}" if ports.ca_file else "SSLType None\nAuthMechs LOGIN"
    stores = [
        _MBSYNC.format(name=name, port=port, user=USER, password=PASSWORD, tls=tls)
        for name, port in (("far", ports.old), ("near", ports.new))
    ]
    (folder / "state").mkdir(exist_ok=True)
    (folder / "mbsyncrc").write_text("FSync no\n" + "".join(stores) + _CHANNEL.format(folder=folder))
    return _timed(["mbsync", "-q", "-c", "mbsyncrc", "-a"], folder)


def _timed(command: list[str], folder: Path) -> Result:
    log = (folder / "log").open("ab")
    began = time.perf_counter()
    child = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{command[0]}: {(folder / 'log').read_text()[-2000:]}")
    return Result(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
