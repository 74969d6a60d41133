"""Workers side by side, each a process, on one PostgreSQL: an old host, and a new one that takes 100 ms per APPEND."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

import psycopg
from bench.before import ROOT
from bench.copy import hosts as copy_hosts
from bench.copy.corpus import corpus
from bench.copy.hosts import deliver, far_away, hosts, messages_in, own
from tests.mailcopy.dovecot import Dovecot
from tests.postgresql import Cluster

from reconcile.clock import SystemClock
from reconcile.mailcopy.queue.location import PostgresLocation

#: Mailboxes of each worker, all copied at once; messages of each; connections of each to either host.
BOXES, MESSAGES, CONNECTIONS = 2, 240, 2
#: Milliseconds that the new host takes for an APPEND.
APPEND = 100


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """``rate``: messages a second by all workers. ``writes``: transactions that wrote, for each message. ``cpu``: the
    workers' processor seconds for each message."""

    rate: float
    writes: float
    cpu: float


def measure(cluster: Cluster, teams: Sequence[int], runs: int) -> dict[int, Run]:
    """By number of workers, each with the same number of mailboxes of its own: medians of so many runs, in turn."""
    found: dict[int, list[Run]] = {team: [] for team in teams}
    with _filled(max(teams) * BOXES) as (old, new, users), far_away([new.port], delay=0, append=APPEND) as (near,):
        for _ in range(runs):
            for team, done in found.items():
                for user in users:
                    new.forget(user)
                run = _run(cluster, (old.port, near), team, users[: team * BOXES])
                if messages_in(new, users[team * BOXES - 1]) != MESSAGES:
                    raise RuntimeError("a worker did not copy all")
                print(f"{team} workers: {run}", file=sys.stderr, flush=True)
                done.append(run)
    return {team: _median(done) for team, done in found.items()}


def _run(cluster: Cluster, ports: tuple[int, int], team: int, users: Sequence[str]) -> Run:
    location = PostgresLocation(cluster.database(), "", SystemClock())
    for user in users:
        location.jobs.enqueue(f"spfb000/copy/{user}", "ovh", user, user, "")
    command = [sys.executable, "-m", "bench.scale.worker", location.database.url, *map(str, ports)]
    with contextlib.ExitStack() as started:
        workers = [
            started.enter_context(
                subprocess.Popen(
                    [*command, f"worker-{number}", str(BOXES), str(CONNECTIONS)],
                    cwd=ROOT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            for number in range(team)
        ]
        for worker in workers:
            _heard(worker)
        before, began = _written(cluster), time.monotonic()
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write(os.linesep)
            worker.stdin.flush()
        cpu = sum(float(_heard(worker)) for worker in workers)
        seconds = time.monotonic() - began
    writes = _written(cluster) - before - 1
    location.database.close()
    messages = len(users) * MESSAGES
    return Run(messages / seconds, writes / messages, cpu / messages)


def _heard(worker: subprocess.Popen[str]) -> str:
    assert worker.stdout is not None
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError("a worker ended too early; see above")
    return line


def _written(cluster: Cluster) -> int:
    """How many transactions of the cluster have written so far, this one included."""
    with psycopg.connect(f"postgresql://spf@127.0.0.1:{cluster.port}/postgres") as connection:
        row = connection.execute("SELECT pg_current_xact_id()::text").fetchone()
        assert row is not None
        return int(row[0])


@contextlib.contextmanager
def _filled(boxes: int) -> Iterator[tuple[Dovecot, Dovecot, Sequence[str]]]:
    """The two hosts, and the users who have mail."""
    users = [f"contact{number}" for number in range(boxes)]
    with hosts(batches=False) as (old, new):
        deliver(old, "Archive/Tout", corpus("big", MESSAGES))
        for user in users:
            shutil.copytree(old.mail / copy_hosts.USER, old.mail / user)
        own(old)
        yield old, new, users


def _median(runs: Sequence[Run]) -> Run:
    return Run(*(statistics.median(getattr(run, field) for run in runs) for field in ("rate", "writes", "cpu")))
