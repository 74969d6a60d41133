"""Puts a worker together: the list, the locks, the limits of reconcile.toml."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.session import Session
from reconcile.cli.wiring.copies import copies_location, endpoints_of

if TYPE_CHECKING:
    from reconcile.mailcopy.queue.liveness import Locks
    from reconcile.mailcopy.queue.location import Location
    from reconcile.mailcopy.queue.task import Watcher
    from reconcile.mailcopy.queue.work_list import Limits
    from reconcile.mailcopy.queue.worker import Worker


def worker_of(session: Session, name: str | None, at_once: int, watcher: Watcher) -> Worker:
    """A worker, ready to run. ``name``: None for one made up."""
    import random

    from reconcile.clock import SystemClock
    from reconcile.mailcopy.queue.leases import name_of_worker
    from reconcile.mailcopy.queue.rate import Rate
    from reconcile.mailcopy.queue.task import TaskRunner, WorkerSetup
    from reconcile.mailcopy.queue.worker import Worker

    if name is not None and not re.fullmatch(r"[A-Za-z0-9._-]{3,100}", name):
        raise click.UsageError("--id takes 3 to 100 letters, digits, dots, dashes and underscores.")
    rng, copies = random.SystemRandom(), session.settings.copies
    name = name or name_of_worker(f"{rng.getrandbits(64):016x}")
    location = copies_location(session)
    setup = WorkerSetup(
        name,
        location,
        endpoints_of(session),
        limits_of(session),
        locks_of(location),
        watcher,
        SystemClock(),
        rng,
        Rate(copies.messages_per_second),
        at_once,
        session.clock,
    )
    return Worker(setup, TaskRunner(setup))


def locks_of(location: Location) -> Locks:
    """The locks that tell which workers live."""
    from reconcile.mailcopy.queue.liveness import FileLocks, PostgresLocks
    from reconcile.mailcopy.storage.postgres import PostgresDatabase
    from reconcile.mailcopy.storage.sqlite import SqliteDatabase

    database = location.database
    if isinstance(database, PostgresDatabase):
        return PostgresLocks(database)
    if not isinstance(database, SqliteDatabase):
        raise TypeError(f"no locks beside {database!r}")
    return FileLocks(database.path.parent / "workers")


def limits_of(session: Session) -> Limits:
    """Mailboxes at once, as reconcile.toml allows."""
    from reconcile.mailcopy.queue.work_list import Limits

    copies = session.settings.copies
    each = {name: server.mailboxes for name, server in session.settings.legacy.items()}
    return Limits(copies.mailboxes, copies.mailboxes, each, copies.starts_per_minute)
