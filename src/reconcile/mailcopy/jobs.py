"""The durable list of copy jobs. One job is one old mailbox copied into one new; it outlives every process.

States: ``queued`` (to do) · ``running`` (a worker holds its lease) · ``waiting`` (tried again at ``not_before``) ·
``done`` · ``partial`` (some mail was refused, or did not fit) · ``failed`` · ``paused`` · ``cancelled``.

A worker admits what is due to the job engine (``dispatch``), as a ticket: a numbered permission to try once. Whoever
is handed the ticket claims the job, which gives a lease under a higher ``epoch``; it keeps the lease by renewing it. A
lease that ran out, or whose worker is dead, is taken over, and the former holder's writes are refused from then on. A
ticket that is no longer the job's is worth nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from reconcile.clock import Clock
from reconcile.mailcopy.database import Database, Statements
from reconcile.mailcopy.sqlite_file import SqliteDatabase

#: The answer of a slice after which the same ticket goes on.
MORE = "more"
#: Seconds a lease holds without being renewed.
LEASE = 60.0
#: Seconds until a job that found every place taken is admitted again.
NO_ROOM = 2.0
#: Seconds after which a ticket must be known to the engine.
SETTLED = 30.0
#: Minutes for which the rate of every source is kept.
REMEMBERED = 60

SCHEMA = """
CREATE TABLE IF NOT EXISTS job(
    key TEXT PRIMARY KEY, source TEXT NOT NULL, login TEXT NOT NULL, destination TEXT NOT NULL, folder TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued', attempts INTEGER NOT NULL DEFAULT 0, passes INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL DEFAULT 0, messages INTEGER NOT NULL DEFAULT 0, messages_total INTEGER,
    volume INTEGER NOT NULL DEFAULT 0, volume_total INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '', updated REAL NOT NULL DEFAULT 0, epoch INTEGER NOT NULL DEFAULT 0,
    worker TEXT NOT NULL DEFAULT '', lease REAL NOT NULL DEFAULT 0,
    -- Number of the last ticket, and when it was given out; 0 when none is.
    ticket INTEGER NOT NULL DEFAULT 0, admitted REAL NOT NULL DEFAULT 0);
-- Messages copied from a source in a minute (since 1970), by all workers together.
CREATE TABLE IF NOT EXISTS pace(
    source TEXT NOT NULL, minute INTEGER NOT NULL, messages INTEGER NOT NULL, PRIMARY KEY(source, minute))
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Ticket:
    """A permission to try a job once. ``weight``: messages left, so that small mailboxes go first."""

    key: str
    source: str
    number: int
    weight: int

    @property
    def id(self) -> str:
        return ticket_id(self.key, self.number)


def ticket_id(key: str, number: int) -> str:
    return f"{key}#{number}"


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Mailboxes copied at once, by all workers together: in all, and from one source. ``named``: sources that have a
    limit of their own."""

    in_all: int = 64
    per_source: int = 64
    named: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def of(self, source: str) -> int:
        return self.named.get(source, self.per_source)

    @property
    def most_per_source(self) -> int:
        return max([self.per_source, *self.named.values()])


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
    worker: str = ""

    @property
    def ledger(self) -> str:
        """Name of its ledger. Another source or destination is another copy, with a ledger of its own."""
        identity = "\0".join((self.source, self.login, self.destination, self.folder))
        readable = re.sub(r"[^A-Za-z0-9@._-]", "_", self.key.rpartition("/")[2])[:80]
        return f"{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


#: Epochs begin at the second a job is queued, counted from November 2023 to fit 32 bits. A ledger may be older than
#: its job, when a former federation or a lost list had the same copy, and shuts out any epoch below the last it saw.
_EPOCHS_SINCE = 1_700_000_000

_FIELDS = ", ".join(field.name for field in dataclasses.fields(Job))


class JobList:
    """The list. Safe for several threads and processes, and with PostgreSQL for several hosts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock

    @classmethod
    def in_file(cls, path: Path, clock: Clock) -> JobList:
        return cls(SqliteDatabase(path, SCHEMA), clock)

    def enqueue(self, key: str, source: str, login: str, destination: str, folder: str) -> None:
        """Ask for a copy. Nothing happens when it is already asked for, whatever its state, unless it was cancelled."""
        ends = (source, login, destination, folder)
        with self.database.changing() as run:
            same = "SELECT coalesce(max(epoch), 0) FROM job WHERE source=? AND login=? AND destination=? AND folder=?"
            epoch = max(int(self._now()) - _EPOCHS_SINCE, int(run.rows(same, *ends)[0][0]) + 1)
            run.change(
                "INSERT INTO job(key, source, login, destination, folder, updated, epoch) VALUES(?,?,?,?,?,?,?) "
                "ON CONFLICT(key) DO UPDATE SET source=excluded.source, login=excluded.login, "
                "destination=excluded.destination, folder=excluded.folder, updated=excluded.updated, state='queued', "
                "attempts=0, not_before=0, messages=0, messages_total=NULL, volume=0, volume_total=0, refused=0, "
                "error='', passes=0, epoch=job.epoch+1, admitted=0, worker='' WHERE job.state='cancelled'",
                *(key, *ends, self._now(), epoch),
            )

    def cancel(self, key: str) -> None:
        """Stop wanting a copy. A worker that is at it stops at its next look; what is copied stays copied."""
        with self.database.changing() as run:
            run.change(
                "UPDATE job SET state='cancelled', epoch=epoch+1, admitted=0, worker='', updated=? "
                "WHERE key=? AND state<>'cancelled'",
                *(self._now(), key),
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
        if not self.database.exists():
            return []  # a look must not leave a file behind
        with self.database.looking() as run:
            return [Job(*row) for row in run.rows(f"SELECT {_FIELDS} FROM job ORDER BY key")]  # noqa: S608

    def unfinished(self) -> Sequence[Job]:
        """Those that are to be done, under way, or to be tried again."""
        if not self.database.exists():
            return []
        with self.database.looking() as run:
            query = f"SELECT {_FIELDS} FROM job WHERE state IN ('queued', 'running', 'waiting')"  # noqa: S608
            return [Job(*row) for row in run.rows(query)]

    def copied(self) -> frozenset[str]:
        """The new mailboxes into which nothing is left to copy: every copy into them is done."""
        if not self.database.exists():
            return frozenset()
        with self.database.looking() as run:
            rows = run.rows(
                "SELECT destination FROM job WHERE state<>'cancelled' GROUP BY destination "
                "HAVING min(CASE WHEN state='done' THEN 1 ELSE 0 END)=1"
            )
            return frozenset(destination for (destination,) in rows)

    def rates(self) -> dict[str, Sequence[int]]:
        """Messages copied from each source in each of the last whole minutes in which any were, latest first."""
        if not self.database.exists():
            return {}
        this = int(self._now() // 60)
        rates: dict[str, Sequence[int]] = {}
        with self.database.looking() as run:
            for source, messages in run.rows(
                "SELECT source, messages FROM pace WHERE minute>=? AND minute<? ORDER BY minute DESC",
                *(this - REMEMBERED, this),
            ):
                rates[source] = [*rates.get(source, ()), messages]
        return rates

    def another_pass(self, keys: Collection[str], idle: float = 0) -> int:
        """Queue again those of the keys that ended, well or not, at least ``idle`` seconds ago. How many had."""
        return self._moved(keys, "queued", "done", "partial", "failed", "waiting", since=self._now() - idle)

    def admit(
        self, run: Statements, keys: Collection[str], window: int, barred: Collection[str] = ()
    ) -> Sequence[Ticket]:
        """Give out a ticket for each of the keys that is due, small boxes first, no more than ``window`` a source that
        nobody has begun with. ``run``: the transaction in which the engine takes them. ``barred``: sources left out.
        """
        run.alone()
        now = self._now()
        ahead: Counter[str] = Counter()
        for source, number in run.rows(
            "SELECT source, count(*) FROM job WHERE admitted>0 AND state IN ('queued', 'waiting') GROUP BY source"
        ):
            ahead[source] = number
        tickets = []
        for key, source, number, weight in run.rows(
            "SELECT key, source, ticket+1, coalesce(messages_total, 0) - messages FROM job WHERE admitted=0 "
            "AND state IN ('queued', 'waiting') AND not_before<=? ORDER BY 4, key",
            now,
        ):
            if key in keys and source not in barred and ahead[source] < window:
                ahead[source] += 1
                tickets.append(Ticket(key, source, number, max(0, weight)))
        run.change_each("UPDATE job SET ticket=?, admitted=? WHERE key=?", [(t.number, now, t.key) for t in tickets])
        return tickets

    def withdraw(self, run: Statements, valid: Callable[[str], bool]) -> Sequence[str]:
        """Take back the tickets the engine has lost, those whose id is not ``valid``, and those of leases that ran out:
        their jobs are due again under another number. The ids of the latter, at which somebody may still be.
        """
        run.alone()
        now = self._now()
        overdue, lost = [], []
        for key, number, state, lease in run.rows(
            "SELECT key, ticket, state, lease FROM job WHERE admitted>0 AND admitted<?", now - SETTLED
        ):
            if state == "running":
                overdue += [(key, number)] if lease < now else []
            elif not valid(ticket_id(key, number)):
                lost.append((key,))
        run.change_each("UPDATE job SET admitted=0 WHERE key=?", lost)
        run.change_each(
            "UPDATE job SET admitted=0, state='queued', worker='', epoch=epoch+1 WHERE key=?",
            [(key,) for key, _ in overdue],
        )
        return [ticket_id(key, number) for key, number in overdue]

    def claim(self, key: str, ticket: int, worker: str, limits: Limits, is_dead: Callable[[str], bool]) -> Job | None:
        """Take the lease of a job by its ticket. None when the ticket is void, the job is held by somebody alive, all
        places are taken, or another copy into the same mailbox runs.
        """
        now = self._now()
        with self.database.changing() as run:
            run.alone()
            found = run.rows(
                "SELECT state, worker, lease, source, destination FROM job WHERE key=? AND ticket=? AND admitted>0",
                *(key, ticket),
            )
            if not found or found[0][0] not in ("queued", "waiting", "running"):
                return None
            state, holder, lease, source, destination = found[0]
            if state == "running" and not (holder == worker or lease < now or is_dead(holder)):
                return None
            others = run.rows(
                "SELECT source, destination FROM job WHERE state='running' AND lease>=? AND key<>?", now, key
            )
            from_there = sum(other == source for other, _ in others)
            full = len(others) >= limits.in_all or from_there >= limits.of(source)
            if full or any(into == destination for _, into in others):
                run.change(
                    "UPDATE job SET state='queued', worker='', admitted=0, not_before=? WHERE key=?", now + NO_ROOM, key
                )
                return None
            taken = f"UPDATE job SET state='running', worker=?, lease=?, epoch=epoch+1, updated=? WHERE key=? RETURNING {_FIELDS}"  # noqa: S608, E501
            (row,) = run.rows(taken, worker, now + LEASE, now, key)
            return Job(*row)

    def put_back(self, key: str, ticket: int, worker: str, is_dead: Callable[[str], bool]) -> None:
        """Give a ticket back unused, or between two slices; the job is admitted again, here or elsewhere."""
        with self.database.changing() as run:
            found = run.rows(
                f"SELECT state, worker FROM job WHERE key=? AND ticket=? AND admitted>0{self.database.locking}",  # noqa: S608
                *(key, ticket),
            )
            for state, holder in found:
                if state in ("queued", "waiting") or (state == "running" and (holder == worker or is_dead(holder))):
                    run.change(
                        "UPDATE job SET admitted=0, state='queued', worker='', epoch=epoch+1, not_before=? WHERE key=?",
                        *(self._now() + NO_ROOM, key),
                    )

    def renew(self, job: Job, worker: str) -> bool:
        """Prolong the lease; False when it is no longer this worker's."""
        with self.database.changing() as run:
            return self._held(run, job, worker, "lease=?", self._now() + LEASE)

    def measured(self, job: Job, messages: int) -> None:
        """How many messages the old mailbox holds, so that small ones go first."""
        with self.database.changing() as run:
            run.change("UPDATE job SET messages_total=? WHERE key=? AND messages_total IS NULL", messages, job.key)

    def progress(self, job: Job, worker: str, counts: tuple[int, int, int, int]) -> bool:
        """Messages done and in all, bytes done and in all. Prolongs the lease; False when it is lost."""
        now = self._now()
        with self.database.changing() as run:
            before = run.rows(f"SELECT messages FROM job WHERE key=?{self.database.locking}", job.key)  # noqa: S608
            kept = self._held(
                run,
                job,
                worker,
                "messages=?, messages_total=?, volume=?, volume_total=?, lease=?, updated=?",
                *(*counts, now + LEASE, now),
            )
            more = counts[0] - before[0][0] if before else 0
            if kept and more > 0:
                run.change(
                    "INSERT INTO pace VALUES(?,?,?) ON CONFLICT(source, minute) "
                    "DO UPDATE SET messages=pace.messages+excluded.messages",
                    *(job.source, int(now // 60), more),
                )
            return kept

    def finish(self, job: Job, worker: str, state: str, *, refused: int = 0, error: str = "", wait: float = 0) -> bool:
        """Give the lease back with a result. ``wait``: seconds until it may be tried again. False when it is lost."""
        now = self._now()
        failure = state in ("waiting", "failed")
        with self.database.changing() as run:
            run.change("DELETE FROM pace WHERE minute<?", int(now // 60) - REMEMBERED)
            return self._held(
                run,
                job,
                worker,
                "state=?, refused=?, error=?, not_before=?, attempts=?, passes=passes+?, worker='', admitted=0, "
                "updated=?",
                *(state, refused, error, now + wait if wait else 0, job.attempts + 1 if failure else 0),
                *(int(state in ("done", "partial")), now),
            )

    def _moved(self, keys: Collection[str], state: str, *before: str, since: float = float("inf")) -> int:
        marks = ",".join("?" * len(before))
        with self.database.changing() as run:
            statement = f"UPDATE job SET state=?, epoch=epoch+1, attempts=0, not_before=0, worker='', admitted=0, updated=? WHERE key=? AND updated<=? AND state IN ({marks})"  # noqa: S608, E501
            return run.change_each(statement, [(state, self._now(), key, since, *before) for key in keys])

    @staticmethod
    def _held(run: Statements, job: Job, worker: str, assignments: str, *values: object) -> bool:
        changed = run.change(
            f"UPDATE job SET {assignments} WHERE key=? AND worker=? AND epoch=? AND state='running'",  # noqa: S608
            *(*values, job.key, worker, job.epoch),
        )
        return changed == 1

    def _now(self) -> float:
        return self._clock.now().timestamp()
