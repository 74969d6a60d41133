"""A worker's name, and the clock its leases run by."""

from __future__ import annotations

import os
import socket
import time


def name_of_worker(nonce: str) -> str:
    """A name unique among all starts on all hosts."""
    return f"{socket.gethostname()}-{os.getpid()}-{nonce}"


def awake_seconds() -> float:
    """A steady clock that goes on while the machine sleeps, unlike ``time.monotonic``: a lease ends meanwhile."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
