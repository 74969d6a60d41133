"""The list as workers use it: a worker claims what is due, and holds it under a lease.

A claim takes the copies that are to go next, within the limits that all workers share, and gives each a lease under a
higher ``epoch``; the worker keeps it by renewing it. A lease that ran out, or whose worker is dead, is queued again,
and the former holder's writes are refused from then on.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from reconcile.mailcopy.queue.choice import EVERYTHING, Choice
from reconcile.mailcopy.queue.jobs import FIELDS, REMEMBERED, WEIGHT, Job, JobList, job_of
from reconcile.mailcopy.storage.database import Statements
from reconcile.mailcopy.storage.sentences import kept

#: Seconds a lease holds without being renewed.
LEASE = 60.0
#: Rows read at once where all are wanted one after the other.
PAGE = 500

#: The sources of what is queued, each found in the index by itself: there are few, and many rows of each.
_SOURCES = """
WITH RECURSIVE due(source) AS (
    SELECT min(source) FROM job WHERE state='queued'
    UNION ALL
    SELECT (SELECT min(source) FROM job WHERE state='queued' AND source>due.source) FROM due WHERE source IS NOT NULL)
SELECT source FROM due WHERE source IS NOT NULL
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """Mailboxes copied at once, by all workers together: in all, and from one source. ``named``: sources that have a
    limit of their own. ``starts_a_minute``: of one source; 0 for no limit."""

    in_all: int = 64
    per_source: int = 64
    named: Mapping[str, int] = dataclasses.field(default_factory=dict)
    starts_a_minute: int = 0

    def of(self, source: str) -> int:
        return self.named.get(source, self.per_source)


@dataclasses.dataclass(frozen=True, slots=True)
class Claimant:
    """Who claims: a worker, the copies it is to do, and the sources it leaves alone for now (``refusing``)."""

    worker: str
    choice: Choice = EVERYTHING
    refusing: Collection[str] = ()


class WorkList(JobList):
    """Safe for several threads and processes, and with PostgreSQL for several hosts."""

    def another_pass(self, keys: Collection[str]) -> int:
        """Queue at once those of the keys that have ended, well or not, or wait for their time. How many had."""
        return self._moved(keys, "queued", "done", "partial", "failed", "waiting")

    def another_round(self, choice: Choice, idle: float | None = None) -> int:
        """The same for all that are chosen; with ``idle`` only those that ended at least so many seconds ago, and none
        that waits. How many."""
        ended, values = "state IN ('done', 'partial', 'failed', 'waiting')", []
        if idle is not None:
            ended, values = "state IN ('done', 'partial', 'failed') AND updated<=?", [self._now() - idle]
        with self.database.changing() as run:
            return run.change(
                "UPDATE job SET state='queued', epoch=epoch+1, attempts=0, not_before=0, worker='', updated=? "  # noqa: S608
                f"WHERE {ended} AND ({choice.condition})",
                *(self._now(), *values, *choice.values),
            )

    def claim(self, by: Claimant, limits: Limits, most: int, busy: Collection[str] = ()) -> Sequence[Job]:
        """Take the leases of what goes next, small boxes first, ``most`` at most; of two copies into one mailbox only
        one at a time. ``busy``: keys on which the worker still is, though it lost their leases."""
        now = self._now()
        with self.database.changing() as run:
            run.alone()
            run.change("UPDATE job SET state='queued' WHERE state='waiting' AND not_before<=?", now)
            if limits.starts_a_minute:
                run.change("DELETE FROM begun WHERE moment<=?", now - 60)
            running = run.rows("SELECT source, destination FROM job WHERE state='running'")
            room = min(most, limits.in_all - len(running))
            taken_from, taken_into = Counter(source for source, _ in running), {into for _, into in running}
            found: list[tuple[int, str, str, str]] = []
            for (source,) in run.rows(_SOURCES) if room > 0 else ():
                free = min(room, limits.of(source) - taken_from[source], _may_begin(run, source, limits))
                if free > 0 and source not in by.refusing:
                    found += _next(run, source, by.choice, free, busy)
            claimed: list[Job] = []
            for _, key, source, into in sorted(found):
                if len(claimed) < room and into not in taken_into:
                    taken_into.add(into)
                    claimed.append(_leased(run, key, by.worker, now))
                    if limits.starts_a_minute:
                        run.change("INSERT INTO begun VALUES(?,?)", source, now)
            return claimed

    def outstanding(self, by: Claimant, wait: bool) -> bool:
        """Whether something is to be done or under way by this worker; with ``wait`` also what is to be tried again,
        and what a worker holds that may yet die."""
        left = "state IN ('queued', 'running', 'waiting')"
        values: list[object] = []
        if not wait:
            left = "(state='queued' OR (state='waiting' AND not_before<=?) OR (state='running' AND worker=?))"
            values = [self._now(), by.worker]
        marks = ",".join("?" * len(by.refusing))
        left += f" AND source NOT IN ({marks})" if by.refusing else ""
        with self.database.looking() as run:
            query = f"SELECT 1 FROM job WHERE {left} AND ({by.choice.condition}) LIMIT 1"  # noqa: S608
            return bool(run.rows(query, *values, *by.refusing, *by.choice.values))

    def unmeasured(self, choice: Choice) -> Iterator[Job]:
        """What is to be done and was never looked at, by key, without ever holding all of it."""
        query = (
            f"SELECT {FIELDS} FROM job WHERE state IN ('queued', 'waiting') AND messages_total IS NULL AND key>? "  # noqa: S608
            f"AND ({choice.condition}) ORDER BY key LIMIT {PAGE}"
        )
        last = ""
        while True:
            with self.database.looking() as run:
                page = [job_of(row) for row in run.rows(query, last, *choice.values)]
            if not page:
                return
            yield from page
            last = page[-1].key

    def holders(self) -> frozenset[str]:
        """The workers that hold a lease."""
        with self.database.looking() as run:
            return frozenset(worker for (worker,) in run.rows("SELECT DISTINCT worker FROM job WHERE state='running'"))

    def release(self, dead: Collection[str] = ()) -> None:
        """Queue again what dead workers held, and what is held under a lease that ran out."""
        queued = "UPDATE job SET state='queued', worker='', epoch=epoch+1 WHERE state='running' AND"
        with self.database.changing() as run:
            run.change(f"{queued} lease<?", self._now())
            run.change_each(f"{queued} worker=?", [(worker,) for worker in dead])

    def renew(self, jobs: Collection[Job], worker: str) -> None:
        """Prolong the leases that are still this worker's."""
        lease = self._now() + LEASE
        with self.database.changing() as run:
            run.change_each(
                "UPDATE job SET lease=? WHERE key=? AND worker=? AND epoch=? AND state='running'",
                [(lease, job.key, worker, job.epoch) for job in sorted(jobs, key=lambda one: one.key)],
            )

    def measured(self, job: Job, messages: int) -> None:
        """How many messages the old mailbox holds, so that small ones go first."""
        with self.database.changing() as run:
            run.change("UPDATE job SET messages_total=? WHERE key=? AND messages_total IS NULL", messages, job.key)

    def progress(self, job: Job, worker: str, counts: tuple[int, int, int, int]) -> bool:
        """Messages done and in all, bytes done and in all. Prolongs the lease; False when it is lost."""
        now = self._now()
        with self.database.changing() as run:
            before = run.rows(f"SELECT messages FROM job WHERE key=?{self.database.locking}", job.key)  # noqa: S608
            still_ours = self._held(
                run,
                job,
                worker,
                "messages=?, messages_total=?, volume=?, volume_total=?, lease=?, updated=?",
                *(*counts, now + LEASE, now),
            )
            more = counts[0] - before[0][0] if before else 0
            if still_ours and more > 0:
                run.change(
                    "INSERT INTO pace VALUES(?,?,?) ON CONFLICT(source, minute) "
                    "DO UPDATE SET messages=pace.messages+excluded.messages",
                    *(job.source, int(now // 60), more),
                )
            return still_ours

    def brought(self, job: Job, worker: str, at: float) -> bool:
        """Its pass found something to copy at that moment; False when the lease is lost."""
        with self.database.changing() as run:
            return self._held(run, job, worker, "brought=?", at)

    def looked(self, job: Job, worker: str, at: float) -> bool:
        """A pass that began at that moment has seen its mailbox whole; False when the lease is lost."""
        with self.database.changing() as run:
            return self._held(run, job, worker, "looked=?", at)

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
                "state=?, refused=?, error=?, made_of=?, not_before=?, attempts=?, passes=passes+?, "
                "worker='', updated=?",
                *(state, refused, error, kept(error), now + wait if wait else 0, job.attempts + 1 if failure else 0),
                *(int(state in ("done", "partial")), now),
            )

    @staticmethod
    def _held(run: Statements, job: Job, worker: str, assignments: str, *values: object) -> bool:
        changed = run.change(
            f"UPDATE job SET {assignments} WHERE key=? AND worker=? AND epoch=? AND state='running'",  # noqa: S608
            *(*values, job.key, worker, job.epoch),
        )
        return changed == 1


def _may_begin(run: Statements, source: str, limits: Limits) -> int:
    """How many mailboxes of a source may be begun in this minute."""
    if not limits.starts_a_minute:
        return limits.in_all
    ((begun,),) = run.rows("SELECT count(*) FROM begun WHERE source=?", source)
    return limits.starts_a_minute - int(begun)


def _next(
    run: Statements, source: str, choice: Choice, room: int, busy: Collection[str]
) -> list[tuple[int, str, str, str]]:
    """What goes next of a source, in the order of the index: weight, key, source, new mailbox."""
    rows = run.rows(
        f"SELECT {WEIGHT}, key, source, destination FROM job WHERE state='queued' AND source=? "  # noqa: S608
        f"AND destination NOT IN (SELECT destination FROM job WHERE state='running') AND ({choice.condition}) "
        f"ORDER BY {WEIGHT}, key LIMIT ?",
        *(source, *choice.values, room + len(busy)),
    )
    return [row for row in rows if row[1] not in busy][:room]


def _leased(run: Statements, key: str, worker: str, now: float) -> Job:
    taken = (
        f"UPDATE job SET state='running', worker=?, lease=?, epoch=epoch+1, updated=? WHERE key=? RETURNING {FIELDS}"  # noqa: S608
    )
    (row,) = run.rows(taken, worker, now + LEASE, now, key)
    return job_of(row)
