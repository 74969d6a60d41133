"""Which worker does what, and when: the job engine, DBOS, behind a narrow port. Nothing else imports it.

The engine hands out the tickets of the list (``jobs``) within the limits, each to one worker; it notices which a worker
still had when it died. What was copied, what is due and what a copy's state is, the list and the ledgers say: all the
engine knows can be lost, and the tickets are given out anew.

``_recover_pending_workflows`` is a private call of DBOS: its version is pinned, and a test fails when the call moves.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, error

from reconcile.mailcopy.queue.engine import EngineStatements, engine_for
from reconcile.mailcopy.queue.tickets import MORE, Limits, Ticket
from reconcile.mailcopy.storage.database import Database, DatabaseUnreachable, Statements
from reconcile.problem import Problem

QUEUE, APPLICATION, SCHEMA = "copy", "reconcile", "reconcile_engine"
#: Of the workflow below, not of reconcile: to be changed only when its steps are, and then what is under way is lost.
VERSION = "copy-1"
#: Days a finished ticket is kept, for diagnosis.
KEPT = 3
#: Threads beyond those that copy, which the engine itself uses.
SPARE_THREADS = 16

_ACTIVE = ["ENQUEUED", "PENDING", "DELAYED"]
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]


class Dispatcher:
    """The engine of one worker, ``worker`` being its name; one at a time in a process.

    Raises ``DatabaseUnreachable``.
    """

    def __init__(self, database: Database, worker: str, environment: Mapping[str, str]) -> None:
        """Raises ``Problem`` COPY15 when the environment would have DBOS report to its makers' service."""
        if refused := sorted(name for name in environment if name.startswith("DBOS")):
            raise Problem(
                "COPY15",
                f"The environment sets {', '.join(refused)}, which would change what the job engine does.",
                "unset it: copies report to nobody",
            )
        self._worker = worker
        self._engine = engine_for(database)
        self._name = database.name
        self._client: DBOSClient | None = None

    def start(
        self, run_task: Callable[[str, int], str], limits: Limits, at_once: int, starts_a_minute: int, every: float
    ) -> None:
        """Begin to call ``run_task(key, ticket number)``, which never raises and answers ``MORE`` to be called again.

        ``every``: seconds between two looks for tickets.
        """
        serializer = DBOSPortableJSONSerializer()
        config: DBOSConfig = {
            "name": APPLICATION,
            "application_version": VERSION,
            "executor_id": self._worker,
            "system_database_engine": self._engine,
            "dbos_system_schema": SCHEMA,
            "serializer": serializer,
            "max_executor_threads": at_once + SPARE_THREADS,
            "use_listen_notify": False,
            "enable_otlp": False,
            "log_level": "CRITICAL",  # it would log tracebacks beside our own messages
        }
        DBOS(config=config)

        @DBOS.step(name="slice")
        def one_task(key: str, number: int) -> str:
            return run_task(key, number)

        @DBOS.workflow(name="copy_mailbox", max_recovery_attempts=1_000_000)
        def copy_mailbox(key: str, number: int) -> str:
            while (answer := one_task(key, number)) == MORE:
                pass
            return answer

        with self._answering():
            DBOS.launch()
            self._client = DBOSClient(
                system_database_engine=self._engine,
                dbos_system_schema=SCHEMA,
                serializer=serializer,
                application_name=APPLICATION,
            )
            DBOS.register_queue(
                QUEUE,
                global_concurrency=limits.in_all,
                # The last worker's; one that copies fewer at once gives back what is too much for it.
                worker_concurrency=at_once,
                partition_concurrency=limits.most_per_source,
                partition_limiter={"limit": starts_a_minute, "period": 60.0} if starts_a_minute else None,
                polling_interval_sec=every,
                on_conflict="always_update",
            )

    def admit(self, give: Callable[[Statements], Sequence[Ticket]]) -> int:
        """Take what ``give`` gives out, in the transaction in which it does. How many tickets that were."""
        with self._answering(), self._engine.begin() as connection:
            tickets = give(EngineStatements(connection))
            for ticket in tickets:
                self._started.enqueue_in_transaction(
                    connection,
                    {
                        "queue_name": QUEUE,
                        "workflow_name": "copy_mailbox",
                        "workflow_id": ticket.id,
                        "app_version": VERSION,
                        "queue_partition_key": ticket.source,
                        "priority": min(ticket.weight + 1, 2**31 - 1),
                    },
                    ticket.key,
                    ticket.number,
                )
            return len(tickets)

    def change(self, change: Callable[[Statements], Sequence[str]]) -> Sequence[str]:
        """A transaction of the list alone."""
        with self._answering(), self._engine.begin() as connection:
            return change(EngineStatements(connection))

    def active(self) -> Mapping[str, str]:
        """The tickets that wait or are worked on, and by which worker; "" when by none."""
        with self._answering():
            found = DBOS.list_workflows(queue_name=QUEUE, status=_ACTIVE, load_input=False, load_output=False)
        return {one.workflow_id: (one.executor_id or "") if one.status == "PENDING" else "" for one in found}

    def take_over(self, worker: str) -> None:
        """Queue again every ticket that a dead worker had. May be called by several at once."""
        with self._answering():
            DBOS._recover_pending_workflows([worker])

    def void(self, tickets: Collection[str]) -> None:
        """Cancel tickets, so that they take no place in the queue, whichever worker has them."""
        with self._answering():
            for ticket in tickets:
                DBOS.cancel_workflow(ticket)

    def tidy(self, now: dt.datetime) -> None:
        """Forget what ended days ago."""
        before = (now - dt.timedelta(days=KEPT)).isoformat()
        with self._answering():
            old = DBOS.list_workflows(
                queue_name=QUEUE,
                status=_ENDED,
                completed_before=before,
                limit=1000,
                load_input=False,
                load_output=False,
            )
            if old:
                DBOS.delete_workflows([one.workflow_id for one in old])

    def stop(self) -> None:
        """End. Tickets not begun stay with the engine for the next worker."""
        DBOS.destroy(destroy_registry=True)
        if self._client:
            self._client.destroy()
        self._engine.dispose()

    @property
    def _started(self) -> DBOSClient:
        if self._client is None:
            raise RuntimeError("the dispatcher was not started")
        return self._client

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.OperationalError as wrong:
            said = str(wrong.orig or wrong).splitlines()
            raise DatabaseUnreachable(self._name, said[0] if said else "no answer") from None
        except (sa.exc.SQLAlchemyError, error.DBOSException) as wrong:
            said = str(wrong).splitlines()
            raise Problem("COPY05", f"{self._name}: {said[0] if said else type(wrong).__name__}.") from None
