"""Who holds a job, and whether that worker still lives."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path


def holder(nonce: str) -> str:
    """A name for this worker, told apart from every other start on every host: ``host:pid:started:nonce``."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}:{nonce}"


def is_dead(name: str) -> bool:
    """Whether the worker of that name ran on this host and is gone for certain; False when one cannot know."""
    host, _, rest = name.partition(":")
    pid, _, rest = rest.partition(":")
    started = rest.partition(":")[0]
    return host == socket.gethostname() and pid.isdigit() and _started(int(pid)) != started


def awake_seconds() -> float:
    """A steady clock that goes on while the machine sleeps, unlike ``time.monotonic``: a lease ends meanwhile."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _started(pid: int) -> str:
    """When the process started, in clock ticks since boot (proc(5), field 22); "" when there is none, or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
