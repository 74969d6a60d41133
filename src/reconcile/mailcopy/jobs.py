"""The durable list of copy jobs. One job is one old mailbox copied into one new; it outlives every process.

States: ``queued`` (to do) · ``running`` (a worker holds its lease) · ``waiting`` (tried again at ``not_before``) ·
``done`` · ``partial`` (some mail was refused, or did not fit) · ``failed`` · ``paused`` · ``cancelled``.
A worker keeps its lease by renewing it; a lease that ran out, or whose worker is dead on this host, is taken over under
a higher ``epoch``, and the former holder's writes are refused from then on.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import re
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from reconcile.clock import Clock
from reconcile.mailcopy.lease import is_dead
from reconcile.mailcopy.ledger import ledger_problem
from reconcile.mailcopy.sqlite_file import open_file
from reconcile.problem import Problem

#: Seconds a lease holds without being renewed.
LEASE = 60.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS job(
    key TEXT PRIMARY KEY, source TEXT NOT NULL, login TEXT NOT NULL, destination TEXT NOT NULL, folder TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued', attempts INTEGER NOT NULL DEFAULT 0, passes INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL DEFAULT 0, messages INTEGER NOT NULL DEFAULT 0, messages_total INTEGER,
    volume INTEGER NOT NULL DEFAULT 0, volume_total INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '', updated REAL NOT NULL DEFAULT 0, epoch INTEGER NOT NULL DEFAULT 0,
    worker TEXT NOT NULL DEFAULT '', lease REAL NOT NULL DEFAULT 0);
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One copy. ``key`` is the resource's address (``spf55/copy/contact@spf55.org``); ``source`` names the old server
    in the settings; ``folder`` receives everything when it is not "". ``volume`` is in bytes, moments are seconds since
    1970; ``messages_total`` is None until the mailbox was looked at; ``attempts`` counts failures since a success.
    """

    key: str
    source: str
    login: str
    destination: str
    folder: str
    state: str = "queued"
    attempts: int = 0
    passes: int = 0
    not_before: float = 0
    messages: int = 0
    messages_total: int | None = None
    volume: int = 0
    volume_total: int = 0
    refused: int = 0
    error: str = ""
    updated: float = 0
    epoch: int = 0

    @property
    def ledger(self) -> str:
        """File name of its ledger. Another source or destination is another copy, with a ledger of its own."""
        identity = "\0".join((self.source, self.login, self.destination, self.folder))
        readable = re.sub(r"[^A-Za-z0-9@._-]", "_", self.key.rpartition("/")[2])[:80]
        return f"{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}.sqlite"


_FIELDS = ", ".join(field.name for field in dataclasses.fields(Job))


class JobList:
    """The list, in one SQLite file readable by its owner alone. Safe for several threads and processes of one host."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock

    def enqueue(self, key: str, source: str, login: str, destination: str, folder: str) -> None:
        """Ask for a copy. Nothing happens when it is already asked for, whatever its state, unless it was cancelled."""
        with self._change() as database:
            database.execute(
                "INSERT INTO job(key, source, login, destination, folder, updated) VALUES(?,?,?,?,?,?) "
                "ON CONFLICT(key) DO UPDATE SET source=excluded.source, login=excluded.login, "
                "destination=excluded.destination, folder=excluded.folder, updated=excluded.updated, state='queued', "
                "attempts=0, not_before=0, messages=0, messages_total=NULL, volume=0, volume_total=0, refused=0, "
                "error='', passes=0, epoch=epoch+1 WHERE state='cancelled'",
                (key, source, login, destination, folder, self._now()),
            )

    def cancel(self, key: str) -> None:
        """Stop wanting a copy. A worker that is at it stops at its next look; what is copied stays copied."""
        with self._change() as database:
            database.execute(
                "UPDATE job SET state='cancelled', epoch=epoch+1, updated=? WHERE key=? AND state<>'cancelled'",
                (self._now(), key),
            )

    def pause(self, keys: Collection[str]) -> int:
        """Hold back what is not finished until it is resumed; a worker that is at it stops. How many were held."""
        return self._moved(keys, "paused", "queued", "running", "waiting")

    def resume(self, keys: Collection[str]) -> int:
        """Queue what was paused. How many were."""
        return self._moved(keys, "queued", "paused")

    def retry(self, keys: Collection[str]) -> int:
        """Queue at once what failed, is incomplete or waits for its time. How many were."""
        return self._moved(keys, "queued", "partial", "failed", "waiting")

    def list(self) -> Sequence[Job]:
        """Every job, cancelled ones too, by key."""
        if not self._path.exists():
            return []  # a look must not leave a file behind
        with self._looking() as database:
            return [Job(*row) for row in database.execute(f"SELECT {_FIELDS} FROM job ORDER BY key")]  # noqa: S608

    def copied(self) -> frozenset[str]:
        """The new mailboxes into which nothing is left to copy: every copy into them is done."""
        if not self._path.exists():
            return frozenset()
        with self._database() as database:
            rows = database.execute(
                "SELECT destination FROM job WHERE state<>'cancelled' GROUP BY destination HAVING min(state='done')"
            )
            return frozenset(destination for (destination,) in rows)

    def another_pass(self, keys: Collection[str]) -> int:
        """Queue again those of the keys that have ended, well or not. How many had."""
        return self._moved(keys, "queued", "done", "partial", "failed", "waiting")

    def claim(self, worker: str, keys: Collection[str], barred: Collection[str] = ()) -> Job | None:
        """Take the lease of the next job that is due: small boxes first. ``barred``: sources not to be used."""
        now = self._now()
        with self._change() as database:
            for key, state, holder, lease, source in database.execute(
                "SELECT key, state, worker, lease, source FROM job WHERE state='running' OR "
                "(state IN ('queued', 'waiting') AND not_before<=?) "
                "ORDER BY coalesce(messages_total, 0) - messages, key",
                (now,),
            ).fetchall():
                free = state != "running" or lease < now or is_dead(holder)
                if key in keys and free and source not in barred:
                    row = database.execute(
                        f"UPDATE job SET state='running', worker=?, lease=?, epoch=epoch+1, updated=? WHERE key=? RETURNING {_FIELDS}",  # noqa: S608, E501
                        (worker, now + LEASE, now, key),
                    ).fetchone()
                    return Job(*row)
        return None

    def renew(self, job: Job, worker: str) -> bool:
        """Prolong the lease; False when it is no longer this worker's."""
        now = self._now()
        return self._held(job, worker, "lease=?, updated=?", now + LEASE, now)

    def measured(self, job: Job, messages: int) -> None:
        """How many messages the old mailbox holds, so that small ones go first."""
        with self._change() as database:
            database.execute(
                "UPDATE job SET messages_total=? WHERE key=? AND messages_total IS NULL", (messages, job.key)
            )

    def progress(self, job: Job, worker: str, counts: tuple[int, int, int, int]) -> bool:
        """Messages done and in all, bytes done and in all. Prolongs the lease; False when it is lost."""
        now = self._now()
        return self._held(
            job,
            worker,
            "messages=?, messages_total=?, volume=?, volume_total=?, lease=?, updated=?",
            *counts,
            now + LEASE,
            now,
        )

    def finish(self, job: Job, worker: str, state: str, *, refused: int = 0, error: str = "", wait: float = 0) -> bool:
        """Give the lease back with a result. ``wait``: seconds until it may be tried again. False when it is lost."""
        now = self._now()
        failure = state in ("waiting", "failed")
        return self._held(
            job,
            worker,
            "state=?, refused=?, error=?, not_before=?, attempts=?, passes=passes+?, worker='', updated=?",
            *(state, refused, error, now + wait if wait else 0, job.attempts + 1 if failure else 0),
            state in ("done", "partial"),
            now,
        )

    def _moved(self, keys: Collection[str], state: str, *before: str) -> int:
        marks = ",".join("?" * len(before))
        with self._change() as database:
            changed = database.executemany(
                f"UPDATE job SET state=?, epoch=epoch+1, attempts=0, not_before=0, worker='', updated=? "  # noqa: S608
                f"WHERE key=? AND state IN ({marks})",
                [(state, self._now(), key, *before) for key in keys],
            )
            return changed.rowcount

    def _held(self, job: Job, worker: str, assignments: str, *values: object) -> bool:
        with self._change() as database:
            changed = database.execute(
                f"UPDATE job SET {assignments} WHERE key=? AND worker=? AND epoch=? AND state='running'",  # noqa: S608
                (*values, job.key, worker, job.epoch),
            )
            return changed.rowcount == 1

    def _now(self) -> float:
        return self._clock.now().timestamp()

    @contextlib.contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        with self._database() as database:
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")

    @contextlib.contextmanager
    def _looking(self) -> Iterator[sqlite3.Connection]:
        """A connection to read by. Where nothing can be written nobody writes, and SQLite needs to be told."""
        unfinished = self._path.with_name(f"{self._path.name}-wal")
        if os.access(self._path.parent, os.W_OK) or unfinished.exists():
            with self._database() as database:
                yield database
            return
        try:
            address = f"{self._path.absolute().as_uri()}?mode=ro&immutable=1"
            with contextlib.closing(sqlite3.connect(address, uri=True)) as database:
                yield database
        except sqlite3.DatabaseError as error:
            raise ledger_problem(self._path, error) from None

    @contextlib.contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        """A connection of its own for each use: they cost a fraction of a millisecond and no thread shares one."""
        try:
            with contextlib.closing(open_file(self._path, _SCHEMA)) as database:
                yield database
        except sqlite3.DatabaseError as error:
            raise ledger_problem(self._path, error) from None
        except OSError as error:
            raise Problem("COPY04", f"Cannot write {self._path}: {error.strerror}.") from None
