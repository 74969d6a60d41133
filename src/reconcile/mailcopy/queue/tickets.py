"""The list as workers use it: what is due is admitted as tickets, a ticket is claimed, a claim is a lease.

A worker admits what is due to the job engine (``dispatch``), as a ticket: a numbered permission to try once. Whoever
is handed the ticket claims the job, which gives a lease under a higher ``epoch``; it keeps the lease by renewing it. A
lease that ran out, or whose worker is dead, is taken over, and the former holder's writes are refused from then on. A
ticket that is no longer the job's is worth nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence

from reconcile.mailcopy.queue.jobs import FIELDS, REMEMBERED, Job, JobList
from reconcile.mailcopy.storage.database import Statements

#: The answer of a task after which the same ticket continues.
MORE = "more"
#: Seconds a lease holds without being renewed.
LEASE = 60.0
#: Seconds until a job that found every place taken is admitted again.
NO_ROOM = 2.0
#: Seconds after which a ticket must be known to the engine.
SETTLED = 30.0
_ALL = 2**31 - 1


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


class WorkList(JobList):
    """Safe for several threads and processes, and with PostgreSQL for several hosts."""

    def unfinished(self) -> Sequence[Job]:
        """Those that are to be done, under way, or to be tried again."""
        if not self.database.exists():
            return []
        with self.database.looking() as run:
            query = f"SELECT {FIELDS} FROM job WHERE state IN ('queued', 'running', 'waiting')"  # noqa: S608
            return [Job(*row) for row in run.rows(query)]

    def another_pass(self, keys: Collection[str]) -> int:
        """Queue at once those of the keys that have ended, well or not, or wait for their time. How many had."""
        return self._moved(keys, "queued", "done", "partial", "failed", "waiting")

    def another_round(self, keys: Collection[str], idle: float) -> int:
        """Queue again those of the keys that ended, well or not, at least ``idle`` seconds ago. How many had."""
        return self._moved(keys, "queued", "done", "partial", "failed", since=self._now() - idle)

    def admit(
        self, run: Statements, keys: Collection[str], window: int, excluded: Collection[str] = ()
    ) -> Sequence[Ticket]:
        """Give out a ticket for each of the keys that is due, small boxes first, no more than ``window`` a source that
        wait unclaimed. ``run``: the transaction in which the engine takes them. ``excluded``: sources left out.
        """
        run.alone()
        now = self._now()
        tickets: list[Ticket] = []
        for source, ahead in run.rows(
            "SELECT source, sum(CASE WHEN admitted>0 THEN 1 ELSE 0 END) FROM job "
            "WHERE state IN ('queued', 'waiting') GROUP BY source"
        ):
            if source not in excluded and ahead < window:
                tickets += _next(run, source, keys, window - ahead, now)
        tickets.sort(key=lambda one: (one.weight, one.key))
        run.change_each("UPDATE job SET ticket=?, admitted=? WHERE key=?", [(t.number, now, t.key) for t in tickets])
        return tickets

    def withdraw(self, run: Statements, valid: Callable[[str], bool]) -> Sequence[str]:
        """Take back the tickets the engine has lost, those whose id is not ``valid``, and those of leases that ran out:
        their jobs are due again under another number. The ids of the latter, on which a worker may still be.
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
        """Take the lease of a job by its ticket. None when the ticket is void, the job is held by a live worker, all
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
            taken = f"UPDATE job SET state='running', worker=?, lease=?, epoch=epoch+1, updated=? WHERE key=? RETURNING {FIELDS}"  # noqa: S608, E501
            (row,) = run.rows(taken, worker, now + LEASE, now, key)
            return Job(*row)

    def put_back(self, key: str, ticket: int, worker: str, is_dead: Callable[[str], bool]) -> None:
        """Give a ticket back unused, or between two tasks; the job is admitted again, here or elsewhere."""
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

    @staticmethod
    def _held(run: Statements, job: Job, worker: str, assignments: str, *values: object) -> bool:
        changed = run.change(
            f"UPDATE job SET {assignments} WHERE key=? AND worker=? AND epoch=? AND state='running'",  # noqa: S608
            *(*values, job.key, worker, job.epoch),
        )
        return changed == 1


def _next(run: Statements, source: str, keys: Collection[str], room: int, now: float) -> list[Ticket]:
    """The first ``room`` of a source that are due and among the keys. As many rows are read as there is room, and all
    of them only where others than these keys stand before."""
    query = (
        "SELECT key, ticket+1, coalesce(messages_total, 0) - messages FROM job WHERE admitted=0 AND source=? "
        "AND state IN ('queued', 'waiting') AND not_before<=? ORDER BY 3, key LIMIT ?"
    )
    for most in (room, _ALL):
        rows = run.rows(query, source, now, most)
        due = [row for row in rows if row[0] in keys]
        if len(due) >= room or len(rows) < most:
            break
    return [Ticket(key, source, number, max(0, weight)) for key, number, weight in due[:room]]
