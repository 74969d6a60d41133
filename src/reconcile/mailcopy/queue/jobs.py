"""The durable list of copy jobs. One job is one old mailbox copied into one new; it outlives every process.

States: ``queued`` (to do) · ``running`` (a worker holds its lease) · ``waiting`` (tried again at ``not_before``) ·
``done`` · ``partial`` (some mail was refused, or did not fit) · ``failed`` · ``paused`` · ``cancelled``.

What is here is all that planning, applying and the postmaster need; how workers share the list is in ``work_list``.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Self

from reconcile.clock import Clock
from reconcile.mailcopy.queue.choice import EVERYTHING, Choice
from reconcile.mailcopy.storage.database import Database
from reconcile.mailcopy.storage.sentences import again
from reconcile.mailcopy.storage.sqlite import SqliteDatabase

#: How a pass ended that goes on at once: the mailbox was given its share of time, and mail is left.
MORE = "more"
#: Minutes for which the rate of every source is kept.
REMEMBERED = 60

#: Messages left of a copy, as far as is known: small mailboxes go first.
WEIGHT = "coalesce(messages_total, 0) - messages"

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS job(
    key TEXT PRIMARY KEY, source TEXT NOT NULL, login TEXT NOT NULL, destination TEXT NOT NULL, folder TEXT NOT NULL,
    public_folder TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued', attempts INTEGER NOT NULL DEFAULT 0, passes INTEGER NOT NULL DEFAULT 0,
    not_before REAL NOT NULL DEFAULT 0, messages INTEGER NOT NULL DEFAULT 0, messages_total INTEGER,
    volume INTEGER NOT NULL DEFAULT 0, volume_total INTEGER NOT NULL DEFAULT 0, refused INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '', updated REAL NOT NULL DEFAULT 0, epoch INTEGER NOT NULL DEFAULT 0,
    worker TEXT NOT NULL DEFAULT '', lease REAL NOT NULL DEFAULT 0, queued REAL NOT NULL DEFAULT 0,
    brought REAL NOT NULL DEFAULT 0, looked REAL NOT NULL DEFAULT 0,
    made_of TEXT NOT NULL DEFAULT '');
-- made_of: of what the error was made, as JSON, by which it is told in another language.
-- What goes next, what is under way and what waits for its time are found without reading the rest.
CREATE INDEX IF NOT EXISTS job_next ON job(source, ({WEIGHT}), key) WHERE state='queued';
CREATE INDEX IF NOT EXISTS job_running ON job(source, destination) WHERE state='running';
CREATE INDEX IF NOT EXISTS job_waiting ON job(not_before) WHERE state='waiting';
-- When mailboxes of a source were begun, in the last minute.
CREATE TABLE IF NOT EXISTS begun(source TEXT NOT NULL, moment REAL NOT NULL);
-- Messages that arrived in the old mailbox of a copy after it was queued, and whose From field they bear.
CREATE TABLE IF NOT EXISTS late(
    key TEXT NOT NULL, folder TEXT NOT NULL, validity INTEGER NOT NULL, uid INTEGER NOT NULL, sender TEXT NOT NULL,
    PRIMARY KEY(key, folder, validity, uid));
-- Messages copied from a source in a minute (since 1970), by all workers together.
CREATE TABLE IF NOT EXISTS pace(
    source TEXT NOT NULL, minute INTEGER NOT NULL, messages INTEGER NOT NULL, PRIMARY KEY(source, minute))
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """One copy. ``key`` is the resource's address (``spf55/copy/contact@spf55.org``); ``source`` names the old server
    in the settings; ``folder`` receives everything when it is not ""; ``public_folder`` is the old mailbox, when it is
    not "", and ``login`` one that sees it. ``volume`` is in bytes, moments are seconds since
    1970; ``messages_total`` is None until the mailbox was looked at; ``attempts`` counts failures since a success.
    ``queued``: when it was asked for, which is at the switch; 0 where a former release did. Of a way
    back, by the federations' calendar: ``brought``, when mail was last found to bring; ``looked``, when the last pass
    that saw the whole mailbox began; 0 for never.
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
    public_folder: str = ""
    queued: float = 0
    brought: float = 0
    looked: float = 0

    @property
    def goes_back(self) -> bool:
        """Whether mail goes from its new mailbox to the old one: ``spf55/copy_back/contact@spf55.org``."""
        return self.key.split("/")[1:2] == ["copy_back"]

    @property
    def forth(self) -> str:
        """The key of the copy that one goes back on."""
        return self.key.replace("/copy_back/", "/copy/", 1)

    @property
    def ledger(self) -> str:
        """Name of its ledger. Another source or destination is another copy, with a ledger of its own."""
        ends = ("\0".join(filter(None, (self.login, self.public_folder))), self.destination)
        if self.goes_back:  # the same two mailboxes the other way round are another copy
            identity = "\0".join((f"{self.source} (back)", *reversed(ends), self.folder))
        else:
            identity = "\0".join((self.source, *ends, self.folder))
        readable = re.sub(r"[^A-Za-z0-9@._-]", "_", self.key.rpartition("/")[2])[:80]
        return f"{readable}-{hashlib.sha256(identity.encode()).hexdigest()[:12]}"


#: Epochs begin at the second a job is queued, counted from November 2023 to fit 32 bits. A ledger may be older than
#: its job, when a former federation or a lost list had the same copy, and shuts out any epoch below the last it saw.
_EPOCHS_SINCE = 1_700_000_000

#: The columns that ``job_of`` reads.
FIELDS = ", ".join([*(field.name for field in dataclasses.fields(Job)), "made_of"])


def job_of(row: Sequence[Any]) -> Job:
    """From a row of ``FIELDS``."""
    *fields, parts = row
    job = Job(*fields)
    return dataclasses.replace(job, error=again(job.error, parts)) if parts else job


class JobList:
    """The list, as it is asked for, looked at and changed by hand. Safe for several threads and processes."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock

    @classmethod
    def in_file(cls, path: Path, clock: Clock) -> Self:
        return cls(SqliteDatabase(path, SCHEMA), clock)

    def enqueue(
        self, key: str, source: str, login: str, destination: str, folder: str, public_folder: str = ""
    ) -> None:
        """Ask for a copy. Nothing happens when it is already asked for, whatever its state, unless it was cancelled."""
        endpoints = (source, login, destination, folder, public_folder)
        with self.database.changing() as run:
            same = (
                "SELECT coalesce(max(epoch), 0) FROM job "
                "WHERE source=? AND login=? AND destination=? AND folder=? AND public_folder=?"
            )
            epoch = max(int(self._now()) - _EPOCHS_SINCE, int(run.rows(same, *endpoints)[0][0]) + 1)
            run.change(
                "INSERT INTO job(key, source, login, destination, folder, public_folder, updated, epoch, queued) "
                "VALUES(?,?,?,?,?,?,?,?,?) "
                "ON CONFLICT(key) DO UPDATE SET source=excluded.source, login=excluded.login, "
                "destination=excluded.destination, folder=excluded.folder, public_folder=excluded.public_folder, "
                "updated=excluded.updated, queued=excluded.queued, state='queued', attempts=0, not_before=0, "
                "messages=0, messages_total=NULL, "
                "volume=0, volume_total=0, refused=0, error='', passes=0, epoch=job.epoch+1, worker='' "
                "WHERE job.state='cancelled'",
                *(key, *endpoints, self._now(), epoch, self._now()),
            )

    def cancel(self, key: str) -> None:
        """Stop wanting a copy. A worker that is at it stops at its next look; what is copied stays copied."""
        with self.database.changing() as run:
            run.change(
                "UPDATE job SET state='cancelled', epoch=epoch+1, worker='', updated=? "
                "WHERE key=? AND state<>'cancelled'",
                *(self._now(), key),
            )

    def pause(self, keys: Collection[str]) -> int:
        """Hold back what is not finished until it is resumed; a worker that is at it stops. How many were held."""
        return self._moved(keys, "paused", "queued", "running", "waiting")

    def resume(self, keys: Collection[str]) -> int:
        """Queue what was paused. How many were."""
        return self._moved(keys, "queued", "paused")

    def hold(self, keys: Collection[str]) -> int:
        """As ``pause``, and what has ended too: until it is resumed it gets no other pass."""
        return self._moved(keys, "paused", "queued", "running", "waiting", "done", "partial", "failed")

    def retry(self, keys: Collection[str]) -> int:
        """Queue at once what failed, is incomplete or waits for its time. How many were."""
        return self._moved(keys, "queued", "partial", "failed", "waiting")

    def list(self) -> Sequence[Job]:
        """Every job, cancelled ones too, by key."""
        if not self.database.exists():
            return []  # reading must not create a file
        with self.database.looking() as run:
            return [job_of(row) for row in run.rows(f"SELECT {FIELDS} FROM job ORDER BY key")]  # noqa: S608

    def find(self, key: str) -> Job | None:
        """The job of that key."""
        if not self.database.exists():
            return None
        with self.database.looking() as run:
            found = run.rows(f"SELECT {FIELDS} FROM job WHERE key=?", key)  # noqa: S608
            return job_of(found[0]) if found else None

    def counts(self, choice: Choice = EVERYTHING) -> Counter[str]:
        """How many of the chosen jobs are in each state."""
        if not self.database.exists():
            return Counter()
        with self.database.looking() as run:
            query = f"SELECT state, count(*) FROM job WHERE {choice.condition} GROUP BY state"  # noqa: S608
            return Counter(dict(run.rows(query, *choice.values)))

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

    def _moved(self, keys: Collection[str], state: str, *before: str, since: float = float("inf")) -> int:
        marks = ",".join("?" * len(before))
        with self.database.changing() as run:
            statement = f"UPDATE job SET state=?, epoch=epoch+1, attempts=0, not_before=0, worker='', updated=? WHERE key=? AND updated<=? AND state IN ({marks})"  # noqa: S608, E501
            return run.change_each(statement, [(state, self._now(), key, since, *before) for key in keys])

    def _now(self) -> float:
        return self._clock.now().timestamp()
