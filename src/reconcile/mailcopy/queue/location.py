"""Where everything about the copies is kept: a folder of SQLite files, or PostgreSQL when several hosts share it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from reconcile.clock import Clock
from reconcile.mailcopy.ledger import rows as ledger_tables
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.ledger.reader import LedgerReader
from reconcile.mailcopy.queue import jobs as job_tables
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.work_list import WorkList
from reconcile.mailcopy.storage.database import Database
from reconcile.mailcopy.storage.postgres import PostgresDatabase
from reconcile.mailcopy.storage.sqlite import SqliteDatabase
from reconcile.problem import Problem


class Location(Protocol):
    """The list, and a ledger for each copy in it."""

    jobs: WorkList

    @property
    def database(self) -> Database: ...

    def ledger(self, job: Job) -> Ledger:
        """To write, under the job's lease. The caller closes it."""
        ...

    def reading(self, job: Job) -> contextlib.AbstractContextManager[LedgerReader | None]:
        """To read; None before the first pass."""
        ...


class FolderLocation:
    """``spfstate/copies``: ``queue.sqlite`` and ``ledgers/``. One host, a local disk."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.database = SqliteDatabase(folder / "queue.sqlite", job_tables.SCHEMA)
        self.jobs = WorkList(self.database, clock)

    def ledger(self, job: Job) -> Ledger:
        return Ledger(self._path(job), job.epoch)

    @contextlib.contextmanager
    def reading(self, job: Job) -> Iterator[LedgerReader | None]:
        path = self._path(job)
        if not path.exists():
            yield None
            return
        with LedgerReader.reading(path) as ledger:
            yield ledger

    def _path(self, job: Job) -> Path:
        return self.folder / "ledgers" / f"{job.ledger}.sqlite"


class PostgresLocation:
    """A database that workers on several hosts share. Raises ``Problem`` COPY13 for a URL that holds a password."""

    def __init__(self, url: str, password: str, clock: Clock) -> None:
        if urlsplit(url).password:
            raise Problem(
                "COPY13",
                "The URL of the copies' database in reconcile.toml holds a password.",
                "leave it out and set RECONCILE_COPIES_PASSWORD, or use ~/.pgpass",
            )
        self.database = PostgresDatabase(url, password, (job_tables.SCHEMA, ledger_tables.SCHEMA))
        self.jobs = WorkList(self.database, clock)

    def ledger(self, job: Job) -> Ledger:
        return Ledger.shared(self.database, job.ledger, job.epoch)

    def reading(self, job: Job) -> contextlib.AbstractContextManager[LedgerReader | None]:
        return LedgerReader.reading_shared(self.database, job.ledger)
