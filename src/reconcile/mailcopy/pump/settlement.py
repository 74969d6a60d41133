"""What becomes of each message a pair asked for: recorded, refused, absent, or tried once more."""

from __future__ import annotations

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.interruptions import ConnectionLost, is_breakdown, raise_if_throttled
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.pump.append import Outgoing
from reconcile.mailcopy.pump.pending import PendingFolder
from reconcile.mailcopy.pump.tally import Refusal, Tally

#: So many refusals for want of room, none accepted in between, and the mailbox counts as full.
FULL_AFTER = 20


class Settlement:
    """Writes the ends of messages into the ledger and the tally. ``source`` and ``destination``: the servers' names.

    ``cautious``: one message is under way at a time, so that a breakdown tells which one it was.
    """

    def __init__(self, ledger: Ledger, tally: Tally, source: str, destination: str, *, cautious: bool) -> None:
        self._ledger = ledger
        self._tally = tally
        self._source, self._destination = source, destination
        self._cautious = cautious

    def absent(self, folder: PendingFolder, uids: list[int]) -> None:
        """The source did not give them: asked once more, each alone, before they count as gone."""
        gone = [uid for uid in uids if uid in folder.alone]
        self._tally.absent += [(folder.id, uid) for uid in gone]
        self._tally.settled.update((folder.id, uid) for uid in gone)
        folder.settled(*gone)
        folder.retry_alone([uid for uid in uids if uid not in folder.alone])

    def unreadable(self, folder: PendingFolder, uids: list[int], why: str) -> None:
        raise_if_throttled(self._source, why)
        if folder.failed:
            return  # BAD: no mailbox is selected
        if len(uids) == 1 and uids[0] in folder.alone:
            self.refuse(folder, uids[0], Phrase("the old server does not give it: {why}", why=why))
        else:
            folder.retry_alone(uids)

    def confirmed(self, messages: list[Outgoing], validity: int, uids: list[int]) -> None:
        self._tally.overquota = 0
        for message, uid in zip(messages, uids, strict=True):
            if validity != message.folder.destination_validity:
                raise ConnectionLost(
                    Phrase(
                        "{destination} has rebuilt the folder of {label}",
                        destination=self._destination,
                        label=message.folder.label,
                    )
                )
            self._ledger.record(message.folder.id, message.uid, uid, message.digest, flagged=message.flagged)
            message.folder.settled(message.uid, confirmed=True)
            self._tally.copied += 1
            self._tally.volume += message.size

    def took(self, messages: list[Outgoing]) -> None:
        """Stored under a UID that is not told: it is looked for once all are there."""
        for message in messages:
            self._tally.unplaced.append((message.folder.id, message.uid))
            self._tally.settled.add((message.folder.id, message.uid))
            message.folder.settled(message.uid, confirmed=True)
            self._tally.copied += 1
            self._tally.volume += message.size

    def refused(self, messages: list[Outgoing], reason: str) -> None:
        raise_if_throttled(self._destination, reason)
        folder = messages[0].folder
        if is_breakdown(reason):
            if self._cautious:
                self._tally.suspects[folder.id, messages[0].uid] += 1
            raise ConnectionLost(
                Phrase("{destination} broke down: {reason}", destination=self._destination, reason=reason)
            )
        if len(messages) > 1:
            folder.retry_alone([message.uid for message in messages])
            return
        self.refuse(folder, messages[0].uid, reason)
        if "[OVERQUOTA]" in reason.upper():
            self._tally.overquota += 1
            if self._tally.overquota >= FULL_AFTER:
                self._tally.full = reason

    def refuse(self, folder: PendingFolder, uid: int, reason: str) -> None:
        self._tally.refused.append(Refusal(folder.label, uid, reason))
        self._tally.settled.add((folder.id, uid))
        self._ledger.refuse(folder.id, uid, reason)
        folder.settled(uid)
