"""One source and one destination connection: messages asked of the one stream into the other."""

from __future__ import annotations

import dataclasses
import re
import ssl
from collections import Counter
from collections.abc import Callable

from reconcile.mailcopy.commands import ConnectionLost
from reconcile.mailcopy.intake import Intake
from reconcile.mailcopy.ledger import Ledger
from reconcile.mailcopy.outlet import Body, Letter, Outlet
from reconcile.mailcopy.session import Session
from reconcile.mailcopy.todo import Todo
from reconcile.mailcopy.wire import kept_flags, readable, uid_set

#: Stop reading the source above so many bytes the destination has not taken: memory stays constant.
UNSENT_HIGH = 2 << 20
#: Messages asked for and not yet confirmed, per connection pair: at the start, at most, at least.
QUOTA_START, QUOTA_MOST, QUOTA_LEAST = 16, 600, 8
#: FETCH commands outstanding at once.
ASKS = 8
#: So many refusals for want of room, none accepted in between, and the mailbox counts as full.
FULL_AFTER = 20

WOULD_BLOCK = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_VALIDITY = re.compile(rb"\[UIDVALIDITY (\d+)\]", re.IGNORECASE)


@dataclasses.dataclass(frozen=True, slots=True)
class Refusal:
    """A message that was not copied: its folder as people read it, its UID in the source, and why."""

    folder: str
    uid: int
    reason: str


@dataclasses.dataclass(slots=True)
class Tally:
    """What one pass did so far, all its attempts together."""

    already: int = 0
    adopted: int = 0
    copied: int = 0
    volume: int = 0
    refused: list[Refusal] = dataclasses.field(default_factory=list)
    vanished: int = 0
    keywords_dropped: Counter[str] = dataclasses.field(default_factory=Counter)
    overquota: int = 0
    full: str = ""


class Pair:
    """Keeps its two connections busy. ``assign(pair)`` hands it the next folder, None when there is nothing left."""

    def __init__(
        self, source: Session, destination: Session, ledger: Ledger, tally: Tally, assign: Callable[[Pair], Todo | None]
    ) -> None:
        self.source, self.destination = source, destination
        self._name = str(source.endpoint)
        self._ledger = ledger
        self._tally = tally
        self._assign = assign
        self._intake = Intake(self)
        self.outlet = Outlet(str(destination.endpoint), batches="MULTIAPPEND" in destination.capabilities)
        self.requests = bytearray()  # unsent commands to the source
        self._tag = 0
        self.folder: Todo | None = None
        self._selected: Todo | None = None
        self._selecting: dict[bytes, Todo] = {}
        self._asks: dict[bytes, tuple[Todo, set[int]]] = {}
        self._due = 0  # asked of the source, not yet begun to arrive
        self._unconfirmed = 0
        self._body: Body | None = None
        self._flags: dict[bytes, tuple[bytes, tuple[bytes, ...]]] = {}
        self._quota = QUOTA_START
        self._pace = Pace()

    @property
    def idle(self) -> bool:
        return not (self._asks or self.requests) and self.outlet.idle

    @property
    def wants_source(self) -> bool:
        return bool(self._asks) and len(self.outlet.unsent) < UNSENT_HIGH

    def refill(self) -> None:
        """Ask for more, by messages still due: Dovecot holds the tagged answers of pipelined FETCHes back until the
        last of them is done, so waiting for those would let the pipe run dry between two commands."""
        while self._due + self._unconfirmed < self._quota and len(self._asks) < ASKS:
            folder = self._assign(self)
            if folder is None:
                return
            self.folder = folder
            if self._selected is not folder:
                if self._asks:
                    return  # what was asked of the selected folder comes first
                self._select(folder)
            uids = folder.take(max(2, self._quota // 2))
            self._tag += 1
            tag = b"F%d" % self._tag
            self._asks[tag] = (folder, set(uids))
            self._due += len(uids)
            self.requests += b"%b UID FETCH %b (UID FLAGS INTERNALDATE BODY.PEEK[])\r\n" % (tag, uid_set(uids))

    def _select(self, folder: Todo) -> None:
        self._tag += 1
        tag = b"E%d" % self._tag
        self._selected = folder
        self._selecting[tag] = folder
        self.requests += tag + b" EXAMINE " + folder.source + b"\r\n"
        self._ledger.start(folder.id)
        self._flags.clear()

    def receive_source(self, block: bytes | None) -> None:
        """``block``: what came, b"" at the end of the connection, None when nothing did."""
        if block is None:
            return
        if not block:
            raise ConnectionLost(f"{self._name} closed the connection")
        self._intake.feed(block)
        if not self._due and self._body is None:
            self.outlet.finish_batch()
        self.refill()

    def receive_destination(self, block: bytes | None, now: float) -> None:
        """The same for the destination. ``now``: seconds on any steady clock."""
        if block is None:
            return
        if not block:
            raise ConnectionLost(f"{self.destination.endpoint} closed the connection")
        confirmed = 0
        for verdict in self.outlet.received(block):
            confirmed += len(verdict.letters)
            if verdict.uids:
                self._confirmed(verdict.letters, verdict.validity, verdict.uids)
            else:
                self._refused(verdict.letters, verdict.reason)
        self._unconfirmed -= confirmed
        self._quota = self._pace.quota(confirmed, now, self._quota)
        self.refill()

    # What the intake tells.

    def begin(self, uid: int, flags: bytes, date: bytes, size: int) -> None:
        folder = self._arrived(uid)
        if folder is None:
            return  # not asked for: nobody's
        if not size:
            self._refuse(folder, uid, "the message has zero bytes and IMAP cannot store such a one")
            return
        known = self._flags.get(flags)
        if known is None:
            known = self._flags[flags] = kept_flags(flags, folder.any_keyword, folder.keywords)
        for keyword in known[1]:
            self._tally.keywords_dropped[readable(keyword)] += 1
        self._unconfirmed += 1
        letter = Letter(folder, uid, size)
        self._body = self.outlet.begin(letter, known[0], date, alone=uid in folder.alone)

    def chunk(self, part: memoryview) -> None:
        if self._body is not None:
            self._body.chunk(part)

    def end(self) -> None:
        if self._body is not None:
            self._body.end()
            self._body = None

    def missing(self, uid: int) -> None:
        folder = self._arrived(uid)
        if folder is not None:
            self._absent(folder, [uid])

    def answered(self, line: bytes) -> None:
        tag, _, answer = line.partition(b" ")
        good = answer[:3].upper() == b"OK "
        if tag in self._asks:
            folder, left = self._asks.pop(tag)
            self._due -= len(left)
            if left and good:
                self._absent(folder, sorted(left))
            elif left:
                self._unreadable(folder, sorted(left), readable(answer))
        elif tag in self._selecting:
            folder = self._selecting.pop(tag)
            if not good:
                raise ConnectionLost(f"{self._name} does not open {folder.label} any more: {readable(answer)}")
        elif tag == b"*":
            validity = _VALIDITY.search(answer)
            if validity and self._selected and int(validity[1]) != self._selected.source_validity:
                raise ConnectionLost(f"{self._name} has rebuilt {self._selected.label}")
            if answer[:3].upper() == b"BYE":
                raise ConnectionLost(f"{self._name} said: {readable(answer)}")

    def _arrived(self, uid: int) -> Todo | None:
        for folder, left in self._asks.values():
            if uid in left:
                left.discard(uid)
                self._due -= 1
                return folder
        return None

    def _absent(self, folder: Todo, uids: list[int]) -> None:
        """The source did not give them: asked once more, each alone, before they count as gone."""
        self._tally.vanished += sum(uid in folder.alone for uid in uids)
        folder.retry_alone([uid for uid in uids if uid not in folder.alone])

    def _unreadable(self, folder: Todo, uids: list[int], why: str) -> None:
        if len(uids) == 1 and uids[0] in folder.alone:
            self._refuse(folder, uids[0], f"the old server does not give it: {why}")
        else:
            folder.retry_alone(uids)

    # What the destination says.

    def _confirmed(self, letters: list[Letter], validity: int, uids: list[int]) -> None:
        self._tally.overquota = 0
        for letter, uid in zip(letters, uids, strict=True):
            if validity != letter.folder.destination_validity:
                raise ConnectionLost(f"{self.destination.endpoint} has rebuilt the folder of {letter.folder.label}")
            self._ledger.record(letter.folder.id, letter.uid, uid, letter.digest)
            self._tally.copied += 1
            self._tally.volume += letter.size

    def _refused(self, letters: list[Letter], reason: str) -> None:
        folder = letters[0].folder
        if len(letters) > 1:
            folder.retry_alone([letter.uid for letter in letters])
            return
        self._refuse(folder, letters[0].uid, reason)
        if "[OVERQUOTA]" in reason.upper():
            self._tally.overquota += 1
            if self._tally.overquota >= FULL_AFTER:
                self._tally.full = reason

    def _refuse(self, folder: Todo, uid: int, reason: str) -> None:
        self._tally.refused.append(Refusal(folder.label, uid, reason))
        self._ledger.refuse(folder.id, uid, reason)


class Pace:
    """How many messages a pair may have on hand: what its destination confirms in a second.

    So a slow connection leaves the rest to the others, and no long tail waits behind it. Starts by doubling.
    """

    def __init__(self) -> None:
        self._since: float | None = None
        self._confirmed = 0
        self._rate: float | None = None

    def quota(self, confirmed: int, now: float, quota: int) -> int:
        if self._rate is None:
            quota = min(QUOTA_MOST, quota + 2 * confirmed)
        self._confirmed += confirmed
        if self._since is None:
            self._since, self._confirmed = now, 0
            return quota
        elapsed = now - self._since
        if elapsed <= 0.25:
            return quota
        rate = self._confirmed / elapsed
        self._rate = rate if self._rate is None else (self._rate + rate) / 2
        self._since, self._confirmed = now, 0
        return max(QUOTA_LEAST, min(QUOTA_MOST, int(self._rate)))
