"""What a command costs: wall time, processor time and memory, children it waited for included."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True)
class Cost:
    """``wall`` and ``cpu`` (user and system) in seconds, ``rss`` the largest resident set, in MB of 10^6 bytes."""

    wall: float
    cpu: float
    rss: float


def cost_of(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], ends: Collection[int] = (0,)
) -> tuple[Cost, str]:
    """Run a command to its end; what it cost, and what it printed.

    Raises RuntimeError with the end of its output when it does not end as expected.
    """
    output = folder / "bench.out"
    with output.open("wb") as sink:
        began = time.monotonic()
        child = subprocess.Popen(command, cwd=folder, env=environment, stdout=sink, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    text = output.read_text(encoding="utf-8", errors="replace")
    if child.returncode not in ends:
        raise RuntimeError(f"{' '.join(command)} ended with {child.returncode}:\n{text[-2000:]}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024 / 1e6), text


def best(costs: Sequence[Cost]) -> Cost:
    """The least of each figure: what a run costs when nothing else disturbs it."""
    return Cost(min(c.wall for c in costs), min(c.cpu for c in costs), min(c.rss for c in costs))
