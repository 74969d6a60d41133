"""What is left to copy of one folder, held in a dozen bytes a message."""

from __future__ import annotations

import dataclasses
from array import array

#: Of one UID FETCH at most. The bytes keep a few big messages from all going to one connection.
FETCH_MESSAGES, FETCH_BYTES = 250, 4 << 20


@dataclasses.dataclass(slots=True)
class PendingFolder:
    """A folder with messages due, newest taken first.

    ``uids`` ascend, ``sizes`` go with them. ``source`` and ``destination`` are names as sent on the wire, quoted.
    ``silenced``: UIDs of unread mail that asks for a read receipt and is marked as answered.
    ``alone`` holds UIDs whose batch failed: each is tried in commands of its own, to know which is to blame.
    ``unproven``: a session died over the folder, so one message has to be confirmed before any other is sent.
    Dovecot, killed between naming a message's file and writing its index, finds the file only at the next APPEND, which
    it refuses; whatever is sent behind that one would be stored before anybody could see what was there already.
    """

    id: int
    label: str
    source: bytes
    destination: bytes
    source_validity: int
    destination_validity: int
    uids: array[int]
    sizes: array[int]
    any_keyword: bool = True
    keywords: frozenset[bytes] = frozenset()
    silenced: frozenset[int] = frozenset()
    urgent: bool = False  # to be copied before the others
    again: list[int] = dataclasses.field(default_factory=list)
    alone: set[int] = dataclasses.field(default_factory=set)
    unproven: bool = False
    failed: str = ""  # why the source does not open it any more
    on_trial: int | None = None  # the message whose confirmation all pairs wait for

    def __len__(self) -> int:
        return len(self.uids) + len(self.again)

    def take(self, most: int) -> list[int]:
        """The next UIDs to ask for, ascending: at most so many, and not many more bytes than FETCH_BYTES."""
        if self.unproven:
            return [self._try_one()]
        if self.again:
            return [self.again.pop()]
        count, volume = 0, 0
        while count < min(most, FETCH_MESSAGES, len(self.uids)):
            volume += self.sizes[-1 - count]
            if count and volume > FETCH_BYTES:
                break
            count += 1
        chosen = self.uids[len(self.uids) - count :].tolist()
        del self.uids[len(self.uids) - count :], self.sizes[len(self.sizes) - count :]
        return chosen

    def retry_alone(self, uids: list[int]) -> None:
        if self.failed:
            return
        self.again += uids
        self.alone.update(uids)
        self.settled(*uids)

    def fail(self, why: str) -> None:
        """Ask for nothing more of it."""
        self.failed = why
        self.uids, self.sizes, self.again, self.on_trial = array("I"), array("I"), [], None

    def settled(self, *uids: int, confirmed: bool = False) -> None:
        """Take note that these messages were answered: the folder may be free for the others now."""
        if self.on_trial in uids:
            self.on_trial = None
            self.unproven = self.unproven and not confirmed

    def _try_one(self) -> int:
        uid = self.again.pop() if self.again else self.uids.pop()
        if len(self.sizes) > len(self.uids):
            self.sizes.pop()
        self.on_trial = uid
        return uid
