"""Moves messages over several connection pairs at once: one thread, one selector, non-blocking sockets."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.connections import SessionPair
from reconcile.mailcopy.imap.interruptions import ConnectionLost, Stopped, Throttled
from reconcile.mailcopy.imap.limits import PUMP_SECONDS, PUMP_SECONDS_STOPPING, SLOWEST
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.pump.channel import Channel
from reconcile.mailcopy.pump.pair import Pair
from reconcile.mailcopy.pump.pending import PendingFolder
from reconcile.mailcopy.pump.tally import Tally

#: Seconds between two commits of the ledger.
COMMIT_EVERY = 2.0
#: Another pair joins a folder that a pair works on only when so many messages are left.
WORTH_SHARING = 16
#: Messages copied one at a time before speed is tried again.
CAUTIOUSLY = 50


class Pump:
    """Copies what the pending folders hold. ``stop()``: ask for nothing more, finish what is in flight. ``watch()`` is
    called often; it may raise, which ends everything at once (a lost lease), and notes the progress. ``cautious``:
    one message at a time and not many, to find the one on which the connection breaks. ``now``: seconds since 1970."""

    def __init__(
        self,
        ledger: Ledger,
        tally: Tally,
        stop: Callable[[], bool],
        watch: Callable[[], None],
        now: float,
        *,
        cautious: bool = False,
    ) -> None:
        self._ledger = ledger
        self._tally = tally
        self._stop = stop
        self._watch = watch
        self._now = now
        self._cautious = cautious
        self._enough = tally.copied + CAUTIOUSLY if cautious else None
        self._pending: Sequence[PendingFolder] = ()
        self._pairs: list[Pair] = []
        self._coming: list[Future[SessionPair]] = []
        self._lost: ConnectionLost | None = None
        self._moved = 0
        self._trials = 0

    def run(
        self, pending: Sequence[PendingFolder], first: SessionPair, more: Sequence[Future[SessionPair]] = ()
    ) -> None:
        """Copy until nothing is left, over the first pair and those of ``more`` as they come; a server that takes no
        further connection is left at that. Raises ``ConnectionLost`` once the other pairs have finished what they had.
        """
        self._pending = pending
        self._coming = list(more)
        with selectors.DefaultSelector() as selector:
            channels = [self._channel(selector, first)]
            try:
                self._loop(selector, channels)
            finally:
                self._ledger.commit()
                for channel in channels:
                    channel.leave()
        if self._lost:
            raise self._lost

    def _loop(self, selector: selectors.BaseSelector, channels: list[Channel]) -> None:
        committed = heard = time.monotonic()
        settled = self._tally.progress
        working = list(channels)
        while working:
            working += self._joined(selector, channels)
            for channel in working:
                if channel.pair.idle:
                    channel.pair.refill()
                channel.rest() if channel.pair.idle else channel.interest()
            working = [channel for channel in working if not channel.pair.idle]
            buffered = [channel for channel in working if channel.buffered]
            patience = 0.05 if self._coming else 0.5
            events = selector.select(0 if buffered or not working else patience)
            self._watch()
            now = time.monotonic()
            for key, ready in events:
                self._served(key.data, key.fileobj, ready, now)
            for channel in buffered:
                self._served(channel, None, 0, now)
            stopping = self._stop()
            seconds = PUMP_SECONDS_STOPPING if stopping else PUMP_SECONDS
            if self._moved >= SLOWEST * seconds or self._tally.progress != settled:
                heard, settled, self._moved = now, self._tally.progress, 0
            if now - heard > seconds:
                why = Phrase(
                    "nothing settled and less than {slowest} bytes a second for {seconds:.0f} seconds",
                    slowest=SLOWEST,
                    seconds=seconds,
                )
                raise Stopped(why) if stopping else ConnectionLost(why)
            if now - committed > COMMIT_EVERY:
                committed = now
                self._ledger.commit()
            if self._more_work():
                working = list(channels)
            working = [channel for channel in working if not channel.gone]

    def _channel(self, selector: selectors.BaseSelector, sessions: SessionPair) -> Channel:
        pair = Pair(*sessions, self._ledger, self._tally, self._assign, self._now, cautious=self._cautious)
        self._pairs.append(pair)
        return Channel(selector, pair)

    def _joined(self, selector: selectors.BaseSelector, channels: list[Channel]) -> list[Channel]:
        """The pairs that have come meanwhile, also added to ``channels``."""
        here = [coming for coming in self._coming if coming.done()]
        if not here:
            return []
        self._coming = [coming for coming in self._coming if coming not in here]
        new = [self._channel(selector, coming.result()) for coming in here if not coming.exception()]
        channels += new
        return new

    def _served(self, channel: Channel, connection: object, ready: int, now: float) -> None:
        """Serve one channel; a connection that breaks takes its pair away and lets the others finish."""
        try:
            self._moved += channel.serve(connection, ready, now)
        except (ConnectionLost, OSError) as error:
            lost = (
                error
                if isinstance(error, ConnectionLost)
                else ConnectionLost(Phrase("{name}: {error}", name=channel.name, error=error))
            )
            if not isinstance(self._lost, Throttled):
                self._lost = lost
            suspect = channel.pair.under_way
            if self._cautious and suspect and not isinstance(lost, Throttled):
                self._tally.suspects[suspect] += 1
            channel.hang_up()

    def _more_work(self) -> bool:
        """A message put back for another try, or a folder that has stood its trial, may find every pair at rest."""
        before, self._trials = self._trials, sum(folder.on_trial is not None for folder in self._pending)
        return not self._ending and (self._trials < before or any(folder.again for folder in self._pending))

    @property
    def _ending(self) -> bool:
        enough = self._enough is not None and self._tally.copied >= self._enough
        return bool(self._lost or self._tally.full or enough) or self._stop()

    def _assign(self, pair: Pair) -> PendingFolder | None:
        """Its own folder, then the largest no pair works on, then the one with most left if worth another pair."""
        if self._ending:
            return None
        if pair.folder and pair.folder.on_trial is None:
            return pair.folder
        busy = {id(other.folder) for other in self._pairs if other is not pair}
        due = [folder for folder in self._pending if folder and folder.on_trial is None]
        free = [folder for folder in due if id(folder) not in busy]
        shared = [folder for folder in due if len(folder) > WORTH_SHARING or folder.again]
        return max(free or shared, key=lambda folder: (folder.urgent, len(folder)), default=None)
