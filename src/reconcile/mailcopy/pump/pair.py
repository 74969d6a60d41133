"""One source and one destination connection: messages asked of the one stream into the other."""

from __future__ import annotations

import re
from collections.abc import Callable

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.grammar import Flags, command, flag_list, kept_flags, readable, uid_set
from reconcile.mailcopy.imap.interruptions import ConnectionLost, raise_if_throttled
from reconcile.mailcopy.imap.messages.date import NO_DATE, date_of_header, date_time
from reconcile.mailcopy.imap.messages.fetch_stream import FetchStream
from reconcile.mailcopy.imap.messages.read_receipts import MARK, ReceiptRequestScanner
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.pump.append import Appender, Body, Outgoing
from reconcile.mailcopy.pump.pending import PendingFolder
from reconcile.mailcopy.pump.settlement import Settlement
from reconcile.mailcopy.pump.synchronising import SynchronisingAppender
from reconcile.mailcopy.pump.tally import Tally, too_big
from reconcile.mailcopy.pump.undated import Undated
from reconcile.mailcopy.pump.window import WINDOW_START, WINDOW_START_BATCHES, Window

#: Stop reading the source above so many bytes the destination has not taken: memory stays constant.
UNSENT_HIGH = 1 << 19
#: FETCH commands outstanding at once.
ASKS = 8

_VALIDITY = re.compile(rb"\[UIDVALIDITY (\d{1,10})\]", re.IGNORECASE)


class Pair:
    """Keeps its two connections busy. ``assign(pair)`` hands it the next folder, None when there is nothing left.
    ``now``: seconds since 1970.

    ``cautious``: one message at a time, so that a connection that breaks shows which one it broke on.
    """

    def __init__(
        self,
        source: Session,
        destination: Session,
        ledger: Ledger,
        tally: Tally,
        assign: Callable[[Pair], PendingFolder | None],
        now: float,
        *,
        cautious: bool = False,
    ) -> None:
        self.source, self.destination = source, destination
        self._name = str(source.endpoint)
        self._ledger = ledger
        self._tally = tally
        self._assign = assign
        self._now = now
        self.stream = FetchStream(self, self._name)
        batches = destination.takes_batches and not cautious
        offers, name = destination.capabilities, str(destination.endpoint)
        tells_uids = "UIDPLUS" in offers
        self.appender: Appender = SynchronisingAppender(name, tells_uids=tells_uids)
        if "LITERAL+" in offers:
            self.appender = Appender(name, batches=batches and tells_uids, tells_uids=tells_uids)
        self.requests = bytearray()  # unsent commands to the source
        self._tag = 0
        self.folder: PendingFolder | None = None
        self._selected: PendingFolder | None = None
        self._selecting: dict[bytes, PendingFolder] = {}
        self._asks: dict[bytes, tuple[PendingFolder, set[int]]] = {}
        self._due = 0  # asked of the source, not yet begun to arrive
        self._unconfirmed = 0
        self._body: Body | None = None
        self._undated: Undated | None = None
        self._flags: dict[bytes, tuple[Flags, tuple[bytes, ...]]] = {}
        self._watch = ReceiptRequestScanner()
        self._cautious = cautious
        self._settlement = Settlement(ledger, tally, self._name, name, cautious=cautious)
        self._window_size = 1 if cautious else WINDOW_START_BATCHES if batches else WINDOW_START
        self._window = Window()

    @property
    def idle(self) -> bool:
        return not (self._asks or self.requests) and self.appender.idle

    @property
    def under_way(self) -> tuple[int, int] | None:
        """Folder and UID of the message asked for or sent and not answered, when there is exactly one."""
        asked = [(folder.id, uid) for folder, left in self._asks.values() for uid in left]
        sent = [(message.folder.id, message.uid) for message in self.appender.pending]
        return (asked + sent)[0] if len(asked + sent) == 1 else None

    @property
    def wants_source(self) -> bool:
        return bool(self._asks) and self.appender.backlog < UNSENT_HIGH

    def refill(self) -> None:
        """Ask for more, by messages still due: Dovecot holds the tagged answers of pipelined FETCHes back until the
        last of them is done, so waiting for those would let the pipe run dry between two commands."""
        while self._due + self._unconfirmed < self._window_size and len(self._asks) < ASKS:
            folder = self._assign(self)
            if folder is None:
                return
            self.folder = folder
            if self._selected is not folder:
                if self._asks:
                    return  # what was asked of the selected folder comes first
                self._select(folder)
            uids = folder.take(1 if self._cautious else max(2, self._window_size // 2))
            self._tag += 1
            tag = b"F%d" % self._tag
            self._asks[tag] = (folder, set(uids))
            self._due += len(uids)
            asked = b"%b UID FETCH %b (UID FLAGS INTERNALDATE BODY.PEEK[])" % (tag, uid_set(uids))
            self.requests += command(asked)

    def _select(self, folder: PendingFolder) -> None:
        self._tag += 1
        tag = b"E%d" % self._tag
        self._selected = folder
        self._selecting[tag] = folder
        self.requests += command(tag + b" EXAMINE " + folder.source)
        self._ledger.start(folder.id)
        self._flags.clear()

    def received_source(self, count: int | None) -> None:
        """``count``: bytes that came into the stream's room, 0 at the end of the connection, None when none did."""
        if count is None:
            return
        if not count:
            raise ConnectionLost(Phrase("{name} closed the connection", name=self._name))
        self.stream.received(count)
        if not self._due and self._body is None and self._undated is None:
            self.appender.finish_batch()
        self.refill()

    def receive_destination(self, block: bytes | None, now: float) -> None:
        """``block``: what came, b"" at the end of the connection, None when nothing did. ``now``: seconds."""
        if block is None:
            return
        if not block:
            raise ConnectionLost(Phrase("{endpoint} closed the connection", endpoint=self.destination.endpoint))
        confirmed = 0
        for result in self.appender.received(block):
            confirmed += len(result.messages)
            if result.uids:
                self._settlement.confirmed(result.messages, result.validity, result.uids)
            elif result.took:
                self._settlement.took(result.messages)
            else:
                self._settlement.refused(result.messages, result.reason)
        self._unconfirmed -= confirmed
        if not self._cautious:
            self._window_size = self._window.resized(confirmed, now, self._window_size)
        self.refill()

    # Called by the stream of FETCH answers.

    def begin(self, uid: int, flags: bytes, date: bytes, size: int) -> None:
        folder = self._arrived(uid)
        if folder is None:
            return  # not requested
        if not size:
            self._settlement.refuse(folder, uid, "the message has zero bytes and IMAP cannot store such a one")
            return
        largest = self.destination.endpoint.largest
        if largest and size > largest:  # whatever size it was listed with
            self._settlement.refuse(folder, uid, too_big(size, largest))
            return
        known = self._flags.get(flags)
        if known is None:
            known = self._flags[flags] = kept_flags(flags, folder.any_keyword, folder.keywords)
        for keyword in known[1]:
            self._tally.keywords_dropped[readable(keyword)] += 1
        self._unconfirmed += 1
        message = Outgoing(folder, uid, size, self.destination.is_exchange and b"\\flagged" in known[0].lower())
        self._watch.begin(flags)
        kept = flag_list([*known[0].split(), MARK]) if uid in folder.silenced else known[0]
        alone = uid in folder.alone or uid == folder.on_trial
        if when := date_time(date, self._now):
            self._body = self.appender.begin(message, kept, when, alone=alone)
        else:
            self._undated = Undated(message, kept, alone)

    def chunk(self, part: memoryview) -> None:
        if self._body is not None:
            self._body.chunk(part)
            self._watch.chunk(part)
        elif self._undated is not None:
            self._undated.header += part
            if self._undated.complete:
                self._dated(self._undated)

    def _dated(self, waiting: Undated) -> None:
        """Send on a message that was held for its date."""
        self._undated = None
        when = date_of_header(waiting.header, self._now) or NO_DATE
        self._tally.redated[waiting.message.folder.label] += 1
        self._body = self.appender.begin(waiting.message, waiting.flags, when, alone=waiting.alone)
        with memoryview(waiting.header) as header:
            self.chunk(header)

    def end(self) -> None:
        if self._undated is not None:
            self._dated(self._undated)
        if self._body is not None:
            self._body.end()
            if self._watch.asks:
                self._tally.receipts[self._body.message.folder.label] += 1
            self._body = None

    def missing(self, uid: int) -> None:
        folder = self._arrived(uid)
        if folder is not None:
            self._settlement.absent(folder, [uid])

    def answered(self, line: bytes) -> None:
        tag, _, answer = line.partition(b" ")
        good = answer[:3].upper() == b"OK "
        if tag in self._asks:
            folder, left = self._asks.pop(tag)
            self._due -= len(left)
            if left and good:
                self._settlement.absent(folder, sorted(left))
            elif left:
                self._settlement.unreadable(folder, sorted(left), readable(answer))
        elif tag in self._selecting:
            folder = self._selecting.pop(tag)
            if not good:
                raise_if_throttled(self._name, readable(answer))
                folder.fail(Phrase("the old server does not open it any more: {answer}", answer=readable(answer)))
        elif tag == b"*":
            validity = _VALIDITY.search(answer)
            if validity and self._selected is not None:
                self._still_the_same(self._selected, int(validity[1]))
            if answer[:3].upper() == b"BYE":
                raise ConnectionLost(Phrase("{name} answered: {answer}", name=self._name, answer=readable(answer)))

    def _still_the_same(self, folder: PendingFolder, validity: int) -> None:
        """Raises ``ConnectionLost`` when the folder was rebuilt since it was listed. One that always is (Courier gives
        another UIDVALIDITY until a client has selected it) is read all the same: digests tell what was copied."""
        if validity != folder.source_validity and folder.source not in self._tally.unsteady:
            self._tally.unsteady.add(folder.source)
            raise ConnectionLost(Phrase("{name} has rebuilt {label}", name=self._name, label=folder.label))

    def _arrived(self, uid: int) -> PendingFolder | None:
        for folder, left in self._asks.values():
            if uid in left:
                left.discard(uid)
                self._due -= 1
                return folder
        return None
