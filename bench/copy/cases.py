"""What is compared, and what is measured of ours alone."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bench.copy.corpus import Message, corpus
from bench.copy.hosts import MEMORY, USER, deliver, far_away, fill, hosts, messages_in, own
from bench.copy.peers import Ports, Result, dsync, dsync_all, imapsync, mbsync, ours, ours_all
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
    connections: int = 8  # reconcile.toml's default


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
#: With imapsync at hand. The last compares processor time.
IMAPSYNC_CASES = (
    Case("small_0ms_vs_imapsync", "small", 10, peer="imapsync", batches=False),
    Case("tiny_20ms_vs_imapsync", "tiny", 40, peer="imapsync", batches=False, delay=10),
    Case("exo_vs_imapsync", "tiny", 20, peer="imapsync", batches=False, delay=10, append=100, connections=16),
)


def compare(case: Case, rounds: int) -> dict[str, list[Result]]:
    """Every run of the peer and of ours. They take turns; each starts with an empty new mailbox."""
    runs: dict[str, list[Result]] = {case.peer: [], "ours": []}
    with hosts(batches=case.batches, tls=case.tls) as (old, new):
        expected = fill(old, corpus(case.corpus))
        with _seen_from_afar(case, old, new) as ports:
            tools: dict[str, Tool] = {
                "mbsync": mbsync,
                "imapsync": imapsync,
                "dsync": lambda folder, ports: dsync(folder, ports, new),
                "ours": lambda folder, ports: ours(folder, ports, case.connections),
            }
            for _ in range(rounds):
                for name, results in runs.items():
                    new.forget(USER)
                    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
                        results.append(tools[name](Path(folder), ports))
                    if (found := messages_in(new)) != expected:
                        raise RuntimeError(f"{name} copied {found} of {expected} messages")
    return runs


def ratio(runs: dict[str, list[Result]], peer: str, figure: Callable[[Result], float]) -> float:
    """The peer's median ÷ ours."""
    theirs, mine = (statistics.median(figure(result) for result in runs[name]) for name in (peer, "ours"))
    return theirs / mine


@contextlib.contextmanager
def _seen_from_afar(case: Case, old: Dovecot, new: Dovecot) -> Iterator[Ports]:
    reached = (old.tls_port, new.tls_port) if case.tls else (old.port, new.port)
    if not case.delay:
        yield Ports(*reached, old.ca_file, new.ca_file)
        return
    with far_away(reached, delay=case.delay, append=case.append) as ports:
        yield Ports(*ports, old.ca_file, new.ca_file)


def second_pass(messages: int) -> tuple[Result, Result]:
    """The first pass over a big mailbox, and the second, which finds nothing to do."""
    with _delivered("Archive/Tout", corpus("big", messages)) as copy:
        return copy(), copy()


def memory_of(kind: str, amount: int) -> float:
    """The most memory held, in MB, while ``amount`` messages (``big``) or one of so many MB (``giant``) are copied."""
    with _delivered("Archive/Tout", corpus(kind, amount)) as copy:
        return copy().memory


def forty_boxes(boxes: int, rounds: int) -> tuple[list[Result], list[Result]]:
    """So many mailboxes at once: dsync's runs and ours."""
    users = [f"contact{number}" for number in range(boxes)]
    theirs, mine = [], []
    with hosts(batches=True) as (old, new), tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        expected = fill(old, corpus("tiny"), users[0])
        for user in users[1:]:
            shutil.copytree(old.mail / users[0], old.mail / user, copy_function=_copied, dirs_exist_ok=True)
        own(old)
        for number in range(rounds):
            for name, results in (("dsync", theirs), ("ours", mine)):
                for user in users:
                    new.forget(user)
                place = Path(folder) / f"{number}-{name}"
                place.mkdir()
                ports = Ports(old.port, new.port)
                results.append(
                    dsync_all(place, ports, new, users) if name == "dsync" else ours_all(place, ports, users)
                )
                if any(messages_in(new, user) != expected for user in (users[0], users[-1])):
                    raise RuntimeError(f"{name} did not copy all")
    return theirs, mine


@contextlib.contextmanager
def _delivered(folder: str, messages: Iterable[Message]) -> Iterator[Callable[[], Result]]:
    with hosts(batches=True) as (old, new), tempfile.TemporaryDirectory(dir=MEMORY) as place:
        deliver(old, folder, messages)
        yield lambda: ours(Path(place), Ports(old.port, new.port))


def _copied(source: str, destination: str) -> str:
    shutil.copyfile(source, destination)
    shutil.copystat(source, destination)
    return destination
