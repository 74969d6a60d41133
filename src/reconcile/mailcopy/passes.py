"""One pass over one mailbox: everything not yet copied is copied once, through lost connections."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase, sentence_of
from reconcile.mailcopy.imap.connections import Connections
from reconcile.mailcopy.imap.folder_names import decoded
from reconcile.mailcopy.imap.interruptions import ConnectionLost, Throttled
from reconcile.mailcopy.imap.messages.flags import FLAGGED, add_flags
from reconcile.mailcopy.imap.messages.listing import statuses
from reconcile.mailcopy.imap.session import Endpoint, Session, Unreachable
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.pump.pump import Pump
from reconcile.mailcopy.pump.tally import Refusal, Tally, too_big
from reconcile.mailcopy.report import Progress, Report, report_of
from reconcile.mailcopy.room import keep_room
from reconcile.mailcopy.survey.findings import Origin, Scope, Survey
from reconcile.mailcopy.survey.survey import survey
from reconcile.problem import Problem

#: Connections lost one after the other, without a message copied in between, before the pass gives up.
MAX_CONNECTIONS_LOST = 6
#: Seconds before the first new attempt; doubled each time, up to the second figure.
BACKOFF, BACKOFF_MOST = 0.5, 30.0
#: Times a connection must break on one message before that message is given up.
MAX_BREAKS = 3
#: Seconds a pass waits itself when a server asks for it.
LONGEST_PAUSE = 60.0
#: Messages for which another connection pair is worth its logins; without MULTIAPPEND each message is a command that
#: the server takes its time over.
WORTH_A_PAIR, WORTH_A_PAIR_ALONE = 100, 20
#: Pairs beyond which a server that takes batches copies no faster, and one so near (seconds) that it takes its time
#: over nothing: there each more only waits for the locks of the others.
BATCH_PAIRS, NEAR_PAIRS, NEAR = 3, 2, 0.01


class ThrottledProblem(Problem):
    """A server asked for a longer pause; ``wait`` is in seconds."""

    def __init__(self, answer: str, wait: float) -> None:
        told = Phrase("The mail server asks to wait {wait:.0f} seconds: {answer}.", wait=wait, answer=answer)
        super().__init__("COPY10", told, "nothing to do but wait")
        self.wait = wait


@dataclasses.dataclass(frozen=True, slots=True)
class PassOptions:
    """``folder``: one folder of the new mailbox that receives everything, "" for none. ``origin``: knows what came from
    the destination and is left alone (``reverse``). ``notice`` receives what there is to say before the first message.
    ``watch`` receives the progress often and may raise to end the pass at once; ``stop`` ends it once what is in flight
    has arrived, ``halt`` also the waiting for a server that does not answer. ``surveyed`` is given the old mailbox and
    what was found before anything is copied."""

    folder: str = ""
    origin: Origin | None = None
    stop: Callable[[], bool] = lambda: False
    watch: Callable[[Progress], None] = lambda _: None
    notice: Callable[[str], None] = lambda _: None
    halt: Callable[[], bool] = lambda: False
    surveyed: Callable[[Session, Survey], None] = lambda _source, _found: None


def copy_mailbox(
    source: Endpoint, destination: Endpoint, ledger: Ledger, clock: Clock, options: PassOptions | None = None
) -> Report:
    """Copy what is not copied yet, newest first.

    Raises ``Problem``: COPY01 unreachable, COPY02 login refused,
    COPY04/05 the ledger, COPY06 the connection keeps breaking, COPY10 a server
    asks for a long pause, COPY18 an answer is beyond all bounds; ``Stopped`` when a server did not answer soon after
    ``halt``. A later pass neither loses nor doubles mail.
    """
    return _Pass(source, destination, ledger, clock, options or PassOptions()).run()


class _Pass:
    """The attempts of one pass, and what they have in common."""

    def __init__(
        self, source: Endpoint, destination: Endpoint, ledger: Ledger, clock: Clock, options: PassOptions
    ) -> None:
        self._source, self._destination = source, destination
        self._ledger = ledger
        self._clock = clock
        self._options = options
        self._stop = options.stop
        self._total = Tally()
        self._probing = b""
        self._found = Survey()

    def run(self) -> Report:
        losses, cautious = 0, False
        while True:
            before = self._total.progress
            try:
                self._attempt(cautious=cautious)
            except (ConnectionLost, Unreachable) as error:
                losses = 1 if self._total.progress > before else losses + 1
                self._total.forget_unplaced()
                if losses >= MAX_CONNECTIONS_LOST or self._stop():
                    raise self._gave_up(error) from None
                if self._refuse_breaking(error):
                    losses, cautious = 0, False
                elif losses > 1 and isinstance(error, ConnectionLost):
                    cautious = True
                self._pause(min(BACKOFF_MOST, BACKOFF * 2.0**losses), error)
                continue
            if not cautious or self._stop() or self._total.full or not any(self._found.pending):
                return report_of(self._found, self._total)
            cautious = False

    def _attempt(self, *, cautious: bool) -> None:
        """Survey, pump, settle, on connections of its own."""
        total = self._total
        self._probe(b"")
        with Connections(self._source, self._destination, self._options.halt) as connections:
            control = connections.pair()
            # A first pass is worth a second pair for certain, which may as well be on its way during the survey; not
            # before, for a server may have room for one.
            early = connections.more(min(1, self._most_pairs - 1)) if not self._ledger.rows() else ()
            options = self._options
            scope = Scope(options.folder, total.settled, options.origin, total.avoided, cautious, self._probe)
            found = survey(*control, self._ledger, self._clock, scope)
            self._found = found
            options.surveyed(control[0], found)
            if found.pending and (short := keep_room(control[1], found)):
                if not total.short:
                    self._options.notice(short)
                total.short = short
            goal = Progress(found.already, found.already + found.messages, total.volume, total.volume + found.volume)
            start = total.copied
            total.adopted += found.adopted
            self._refuse_too_big(found, control[1].endpoint.largest)
            total.already = found.already - total.adopted - start  # the ledger knows earlier attempts' messages too

            def progress() -> None:
                position = goal.messages + total.copied - start
                self._options.watch(dataclasses.replace(goal, messages=position, volume=total.volume))

            progress()
            if found.pending and not self._stop():
                worth = self._worth(found.messages, control[1]) - len(early)
                more = () if cautious else [*early, *connections.more(max(0, worth))]
                pump = Pump(self._ledger, total, self._stop, progress, self._clock.now().timestamp(), cautious=cautious)
                pump.run(found.pending, control, more)
                progress()
            if total.unplaced:
                from reconcile.mailcopy.refusals.unplaced_messages import settle_unplaced  # rarely needed

                settle_unplaced(*control, self._ledger, total, found, self._clock.now().timestamp())
            if total.absent:
                from reconcile.mailcopy.refusals.absent_messages import settle_absent  # rarely needed

                settle_absent(control[0], self._ledger, total, found)
            if total.refused:
                from reconcile.mailcopy.refusals.rejected_messages import (
                    look_into_refusals,
                )  # rarely needed, slow to import

                look_into_refusals(*control, self._ledger, total, found, self._clock.now().timestamp())
            _settle(control[1], self._ledger, found)

    def _refuse_too_big(self, found: Survey, largest: int) -> None:
        """Refuse what the new server would not take anyway, without sending it."""
        for row, uid, size in found.too_big:
            reason = too_big(size, largest)
            self._total.refused.append(Refusal(decoded(row.source), uid, reason))
            self._total.settled.add((row.id, uid))
            self._ledger.refuse(row.id, uid, reason)

    def _worth(self, messages: int, destination: Session) -> int:
        """Further connection pairs the work is worth, within both servers' limits."""
        each = WORTH_A_PAIR if destination.takes_batches else WORTH_A_PAIR_ALONE
        near = destination.answers_in < NEAR and not destination.is_exchange
        most = NEAR_PAIRS if near else BATCH_PAIRS if destination.takes_batches else self._most_pairs
        return min(most - 1, self._most_pairs - 1, messages // each)

    @property
    def _most_pairs(self) -> int:
        return min(self._source.connections, self._destination.connections)

    def _probe(self, folder: bytes) -> None:
        """Note which folder alone is being surveyed, b"" for none."""
        self._probing = folder

    def _refuse_breaking(self, error: Exception) -> bool:
        """Refuse the message or leave out the folder on which, alone under way, the connection broke again and again;
        whether there was one."""
        if isinstance(error, ConnectionLost) and not isinstance(error, Throttled) and self._probing:
            self._total.breaks[self._probing] += 1
            if self._total.breaks[self._probing] >= MAX_BREAKS:
                why = Phrase("the connection breaks each time it is opened ({error})", error=error)
                self._total.avoided[self._probing] = why
                return True
        labels = {folder.id: folder.label for folder in self._found.pending}
        breaking = [
            suspect
            for suspect, times in self._total.suspects.items()
            if times >= MAX_BREAKS and suspect not in self._total.settled
        ]
        for folder, uid in breaking:
            reason = Phrase("the connection breaks each time it is copied ({error})", error=error)
            self._total.settled.add((folder, uid))
            self._total.refused.append(Refusal(labels.get(folder, ""), uid, reason))
            self._ledger.refuse(folder, uid, reason)
        self._ledger.commit()
        return bool(breaking)

    def _pause(self, seconds: float, error: Exception) -> None:
        """Wait before the next attempt, at least as long as the server asked. A longer wait is left to the queue."""
        if isinstance(error, Throttled):
            seconds = max(seconds, error.seconds)
            if seconds > LONGEST_PAUSE:
                raise ThrottledProblem(sentence_of(error), seconds)
        while seconds > 0 and not self._stop():
            self._clock.sleep(min(1.0, seconds))
            seconds -= 1.0

    def _gave_up(self, error: Exception) -> Problem:
        if isinstance(error, Problem):
            return error
        if isinstance(error, Throttled):
            return ThrottledProblem(sentence_of(error), error.seconds)
        return Problem(
            "COPY06",
            Phrase(
                "The connection between {source} and {destination} keeps breaking: {error}.",
                source=self._source,
                destination=self._destination,
                error=error,
            ),
            "run the copy again later; it goes on where it stopped",
        )


def _settle(destination: Session, ledger: Ledger, found: Survey) -> None:
    """Settle every folder that was finished."""
    unfinished = {folder.id for folder in found.pending if len(folder) or folder.failed}
    finished = [(row, status) for row, status in found.looked_at if row.id not in unfinished]
    # Outlook does not show the flag that came with an APPEND to Exchange.
    add_flags(destination, [(row.destination, {FLAGGED: ledger.to_flag(row.id)}) for row, _ in finished])
    now = statuses(destination, [row.destination for row, _ in finished])
    for row, status in finished:
        there = now[row.destination]
        if not isinstance(there, str):
            ledger.settle(row.id, status.uid_next, there.uid_next)
