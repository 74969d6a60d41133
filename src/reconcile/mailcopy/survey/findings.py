"""What a survey covers, and what it finds."""

from __future__ import annotations

import dataclasses
from array import array
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from reconcile.mailcopy.imap.messages.flags import Keywords
from reconcile.mailcopy.imap.messages.listing import Status
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.rows import FolderRow
from reconcile.mailcopy.pump.pending import PendingFolder


@dataclasses.dataclass(slots=True)
class Survey:
    """``pending``: folders with messages due. ``already``: messages the ledger knows, ``adopted`` of them found now.
    ``left_out``: folders that are not the mailbox's own mail, and why.
    ``failed``: folders (as people read them) that could not be made or opened, and why. ``looked_at``: every folder
    pair that is in order, with its source's status. ``too_big``: folder row, UID and bytes of what is not even sent.
    ``keywords``: those the destination takes. ``renamed``: folders followed to the name they have now in the
    new mailbox. ``deleted``: folders deleted there, and how many messages were copied into them. ``relocated``:
    messages moved in the old mailbox since they were copied. ``without_room``: messages that would not fit."""

    pending: list[PendingFolder] = dataclasses.field(default_factory=list)
    already: int = 0
    adopted: int = 0
    failed: dict[str, str] = dataclasses.field(default_factory=dict)
    renamed: dict[str, str] = dataclasses.field(default_factory=dict)
    deleted: dict[str, int] = dataclasses.field(default_factory=dict)
    relocated: int = 0
    without_room: int = 0
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)
    keywords: Keywords = (True, frozenset())
    looked_at: list[tuple[FolderRow, Status]] = dataclasses.field(default_factory=list)
    too_big: list[tuple[FolderRow, int, int]] = dataclasses.field(default_factory=list)

    @property
    def messages(self) -> int:
        return sum(len(folder.uids) for folder in self.pending)

    @property
    def volume(self) -> int:
        """Bytes due."""
        return sum(sum(folder.sizes) for folder in self.pending)


class Origin(Protocol):
    """What a copy back must not bring back."""

    def destinations(self) -> Mapping[bytes, bytes]:
        """Source folder → destination folder, where that is known from the way there."""

    def among(self, source: Session, destination: Session, row: FolderRow, uids: array[int]) -> set[int]:
        """Those of the source's ascending UIDs that came from the destination in the first place."""


@dataclasses.dataclass(frozen=True, slots=True)
class Scope:
    """What a survey covers. ``root``: one folder of the new mailbox that receives everything. ``skip``: (folder, UID)
    not to be tried again. ``avoid``: source folder → why it is left out. ``one_by_one``: folders are asked about one
    after the other, each named to ``probing`` first, to find the one on which the connection breaks."""

    root: str = ""
    skip: Collection[tuple[int, int]] = ()
    origin: Origin | None = None
    avoid: Mapping[bytes, str] = dataclasses.field(default_factory=dict)
    one_by_one: bool = False
    probing: Callable[[bytes], None] = lambda _: None

    def short(self, count: int, messages: int) -> bool:
        """Whether a folder of ``messages`` holds more than the ``count`` recorded: some may have been kept back."""
        return count < messages and self.origin is None
