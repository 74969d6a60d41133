"""One pass over one mailbox: everything not yet copied is copied once, through lost connections."""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from reconcile.clock import Clock
from reconcile.mailcopy.commands import ConnectionLost
from reconcile.mailcopy.ledger import Ledger
from reconcile.mailcopy.listing import statuses
from reconcile.mailcopy.pair import Refusal, Tally
from reconcile.mailcopy.pump import Pump
from reconcile.mailcopy.session import Endpoint, Session, Unreachable, connect
from reconcile.mailcopy.survey import Survey, survey
from reconcile.problem import Problem

#: Connections lost one after the other, without a message copied in between, before the pass gives up.
LOSSES = 5
#: Seconds before the first new attempt; doubled each time, up to the second figure.
BACKOFF, BACKOFF_MOST = 0.5, 30.0
#: Messages for which another connection pair is worth its logins.
WORTH_A_PAIR = 100
#: What the new server must be able to do: tell the UID it gave, take literals without asking.
NEEDED = ("UIDPLUS", "LITERAL+")


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """How far a pass is. The totals include what earlier passes copied; ``volume`` counts only this one's bytes."""

    messages: int
    messages_total: int
    volume: int
    volume_total: int


@dataclasses.dataclass(frozen=True, slots=True)
class Report:
    """What a pass did. ``already``: copied before; ``adopted``: found there, by their content. ``left``: due
    and not reached, because the pass was stopped or the mailbox is full (``full`` then says so in the server's words).
    ``failed``: folders that could not be made or opened, and why."""

    copied: int = 0
    volume: int = 0
    already: int = 0
    adopted: int = 0
    vanished: int = 0
    left: int = 0
    refused: tuple[Refusal, ...] = ()
    failed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    keywords_dropped: Mapping[str, int] = dataclasses.field(default_factory=dict)
    full: str = ""

    @property
    def complete(self) -> bool:
        return not (self.left or self.refused or self.failed)


def copy_mailbox(
    source: Endpoint,
    destination: Endpoint,
    ledger: Ledger,
    clock: Clock,
    *,
    folder: str = "",
    stop: Callable[[], bool] = lambda: False,
    watch: Callable[[Progress], None] = lambda _: None,
) -> Report:
    """Copy what is not copied yet, newest first. ``folder``: one folder of the new mailbox that receives everything.

    ``watch`` is told the progress often and may raise to end the pass at once; ``stop`` ends it once what is in flight
    has arrived. Raises ``Problem``: COPY01 unreachable, COPY02 login refused, COPY03 the new server lacks an extension,
    COPY04/05 the ledger, COPY06 the connection keeps breaking. A later pass neither loses nor doubles mail.
    """
    total = Tally()
    losses = 0
    while True:
        before = total.copied
        try:
            found = _attempt(source, destination, ledger, clock, folder, total, stop, watch)
            return _report(found, total)
        except (ConnectionLost, Unreachable) as error:
            losses = losses + 1 if total.copied == before else 1
            if losses >= LOSSES or stop():
                raise _gave_up(source, destination, error) from None
            clock.sleep(min(BACKOFF_MOST, BACKOFF * 2.0 ** (losses - 1)))


def _attempt(
    source: Endpoint,
    destination: Endpoint,
    ledger: Ledger,
    clock: Clock,
    folder: str,
    total: Tally,
    stop: Callable[[], bool],
    watch: Callable[[Progress], None],
) -> Survey:
    """Survey, pump, settle, on connections of its own."""
    total.refused.clear()  # what was refused before the connection broke is tried again
    with _sessions() as opened:
        control = _pair(source, destination, opened)
        _check(control[1])
        found = survey(*control, ledger, clock, folder)
        goal = Progress(found.already, found.already + found.messages, total.volume, total.volume + found.volume)
        start = total.copied
        total.adopted += found.adopted
        total.already = found.already - total.adopted - start  # the ledger knows earlier attempts' messages too

        def progress() -> None:
            watch(dataclasses.replace(goal, messages=goal.messages + total.copied - start, volume=total.volume))

        progress()
        if found.todos and not stop():
            pairs = [control, *_more(source, destination, found.messages, opened)]
            Pump(ledger, total, stop, progress).run(found.todos, pairs)
            progress()
        _settle(control[1], ledger, found)
    return found


def _settle(destination: Session, ledger: Ledger, found: Survey) -> None:
    """Close the books of every folder that was finished."""
    unfinished = {todo.id for todo in found.todos if len(todo)}
    finished = [(row, status) for row, status in found.looked_at if row.id not in unfinished]
    now = statuses(destination, [row.destination for row, _ in finished])
    for row, status in finished:
        there = now[row.destination]
        if not isinstance(there, str):
            ledger.settle(row.id, status.uid_next, there.uid_next)


def _report(found: Survey, total: Tally) -> Report:
    return Report(
        copied=total.copied,
        volume=total.volume,
        already=total.already,
        adopted=total.adopted,
        vanished=total.vanished,
        left=sum(len(todo) for todo in found.todos),
        refused=tuple(total.refused),
        failed=dict(found.failed),
        keywords_dropped=dict(Counter(total.keywords_dropped)),
        full=total.full,
    )


def _check(destination: Session) -> None:
    missing = [name for name in NEEDED if name not in destination.capabilities]
    if missing:
        raise Problem("COPY03", f"The new server {destination.endpoint} does not offer {' and '.join(missing)}.")


@contextlib.contextmanager
def _sessions() -> Iterator[list[Session]]:
    """The connections of one attempt, all closed at its end."""
    opened: list[Session] = []
    try:
        yield opened
    except BaseException:
        for session in opened:
            session.close()
        raise
    for session in opened:
        session.log_out()


def _pair(source: Endpoint, destination: Endpoint, opened: list[Session]) -> tuple[Session, Session]:
    pair = []
    for endpoint in (source, destination):
        session = connect(endpoint)
        opened.append(session)
        pair.append(session)
    return pair[0], pair[1]


def _more(
    source: Endpoint, destination: Endpoint, messages: int, opened: list[Session]
) -> Sequence[tuple[Session, Session]]:
    """The further pairs the work is worth, within both servers' limits; fewer when a server takes no more."""
    most = min(source.connections, destination.connections, 1 + messages // WORTH_A_PAIR)
    if most < 2:
        return []
    pairs = []
    with ThreadPoolExecutor(most - 1) as pool:
        for future in [pool.submit(_pair, source, destination, opened) for _ in range(most - 1)]:
            with contextlib.suppress(Problem, ConnectionLost):
                pairs.append(future.result())
    return pairs


def _gave_up(source: Endpoint, destination: Endpoint, error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    return Problem(
        "COPY06",
        f"The connection between {source} and {destination} keeps breaking: {error}.",
        "run the copy again later; it goes on where it stopped",
    )
