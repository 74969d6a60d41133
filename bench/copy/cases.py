"""What is compared: each case gives the ratios (peer's time ÷ ours) and figures it stands for."""

from __future__ import annotations

import contextlib
import dataclasses
import statistics
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.copy.corpus import corpus
from bench.copy.hosts import USER, deliver, far_away, fill, hosts, messages_in
from bench.copy.peers import Ports, Result, dsync, mbsync, ours
from tests.mailcopy.dovecot import Dovecot

Tool = Callable[[Path, Ports], Result]


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """``key`` names the ratio; ``goal`` is what it should reach. ``delay``: milliseconds each way."""

    key: str
    corpus: str
    goal: float
    peer: str = "mbsync"
    batches: bool = True
    tls: bool = False
    delay: float = 0
    append: float = 0
    connections: int = 2


CASES = (
    Case("small_0ms_vs_mbsync", "small", 2.3),
    Case("mixed_0ms_vs_mbsync", "mixed", 1.2),
    Case("small_20ms_vs_mbsync", "small", 2.4, delay=10),
    Case("mixed_20ms_vs_mbsync", "mixed", 4.5, delay=10),
    Case("append_only_small_0ms_vs_mbsync", "small", 1.3, batches=False),
    Case("tls_small_vs_mbsync", "small", 1.3, tls=True),
    Case("tls_mixed_vs_mbsync", "mixed", 1.0, tls=True),
    Case("small_vs_dsync_imapc", "small", 0.95, peer="dsync"),
    Case("exo_vs_mbsync", "tiny", 11, batches=False, delay=10, append=100, connections=16),
)


def compare(case: Case, rounds: int) -> tuple[float, dict[str, list[Result]]]:
    """The ratio of medians, and every run. The tools take turns; each starts with an empty new mailbox."""
    runs: dict[str, list[Result]] = {case.peer: [], "ours": []}
    with hosts(batches=case.batches, tls=case.tls) as (old, new):
        expected = fill(old, corpus(case.corpus))
        with _seen_from_afar(case, old, new) as ports:
            tools: dict[str, Tool] = {
                "mbsync": mbsync,
                "dsync": lambda folder, ports: dsync(folder, ports, new),
                "ours": lambda folder, ports: ours(folder, ports, case.connections),
            }
            for _ in range(rounds):
                for name, results in runs.items():
                    new.forget(USER)
                    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
                        results.append(tools[name](Path(folder), ports))
                    if (found := messages_in(new)) != expected:
                        raise RuntimeError(f"{name} copied {found} of {expected} messages")
    peer, mine = (statistics.median(result.seconds for result in runs[name]) for name in (case.peer, "ours"))
    return peer / mine, runs


@contextlib.contextmanager
def _seen_from_afar(case: Case, old: Dovecot, new: Dovecot) -> Iterator[Ports]:
    reached = (old.tls_port, new.tls_port) if case.tls else (old.port, new.port)
    if not case.delay:
        yield Ports(*reached, old.ca_file, new.ca_file)
        return
    with far_away(reached, delay=case.delay, append=case.append) as ports:
        yield Ports(*ports, old.ca_file, new.ca_file)


def endurance(messages: int, giant: int) -> dict[str, float]:
    """A second pass over a big mailbox, and the memory of the first, one giant message (in MB) included."""
    with hosts(batches=True) as (old, new), tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        deliver(old, "Archive/Tout", corpus("big", messages))
        deliver(old, "Archive/Film", corpus("giant", giant))
        folder, ports = Path(name), Ports(old.port, new.port)
        first = ours(folder, ports)
        second = ours(folder, ports)
    return {"peak_mb": first.memory, "noop_100k_s": second.seconds, "noop_100k_mb": second.memory}
