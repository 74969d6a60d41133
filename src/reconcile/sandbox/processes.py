"""The processes of the sandbox's servers, and the ports they listen on."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from pathlib import Path

_STOP_SECONDS = 2


def stop_orphan(folder: Path, configuration: str) -> bool:
    """End the server whose ``pid`` file stands in ``folder`` when the process that started it is gone; whether one ran.

    ``configuration``: the file or folder below it that the server was started with, by which it is known.
    """
    try:
        pid = int((folder / "pid").read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except (OSError, ValueError):
        return False
    if str(folder / configuration) not in command:  # the number belongs to somebody else by now
        return False
    end_group(pid)
    return True


def end_group(pid: int) -> None:
    """Kill the master and all it started (they share its process group).

    A mail server needs a second to end politely, and nothing it holds outlives the sandbox: what it acknowledged is in
    files.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    deadline = time.monotonic() + _STOP_SECONDS
    while _members(pid) and time.monotonic() < deadline:
        time.sleep(0.005)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _members(group: int) -> list[str]:
    """The process ids still alive in a group; one that nobody has collected yet is dead all the same."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, its_group = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
            if its_group == str(group) and state not in "ZX":
                found.append(stat.parent.name)
    return found
