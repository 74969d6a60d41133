"""How far a pass is, and what it did."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from reconcile.mailcopy.pump.tally import Refusal, Tally
from reconcile.mailcopy.survey.findings import Survey


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
    and not reached, because the pass was stopped or the mailbox is full (``full`` says why).
    ``redated``: folder → messages without a date of arrival that can be, which bear that of their header.
    ``renamed``: folders followed to the name they have in the new mailbox now. ``deleted``: folders that were deleted
    there, and how many messages had been copied into them. ``relocated``: messages that were moved in the old mailbox.
    ``left_out``: folders that are not the mailbox's own mail (somebody else's, or views of others), and why.
    ``failed``: folders that could not be made or opened, and why. ``receipts``: folder → unread messages that ask for a
    read receipt. ``repaired``: messages the server took only in another way that loses nothing, and which."""

    copied: int = 0
    volume: int = 0
    already: int = 0
    adopted: int = 0
    vanished: int = 0
    left: int = 0
    refused: tuple[Refusal, ...] = ()
    failed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    renamed: Mapping[str, str] = dataclasses.field(default_factory=dict)
    deleted: Mapping[str, int] = dataclasses.field(default_factory=dict)
    relocated: int = 0
    left_out: Mapping[str, str] = dataclasses.field(default_factory=dict)
    keywords_dropped: Mapping[str, int] = dataclasses.field(default_factory=dict)
    redated: Mapping[str, int] = dataclasses.field(default_factory=dict)
    receipts: Mapping[str, int] = dataclasses.field(default_factory=dict)
    repaired: tuple[Refusal, ...] = ()
    full: str = ""

    @property
    def complete(self) -> bool:
        return not (self.left or self.refused or self.failed)


def report_of(found: Survey, total: Tally) -> Report:
    """The report of a pass that ended after the survey ``found``."""
    return Report(
        copied=total.copied,
        volume=total.volume,
        already=total.already,
        adopted=total.adopted,
        vanished=total.vanished,
        left=sum(len(folder) for folder in found.pending) + found.without_room,
        refused=tuple(total.refused),
        failed=found.failed | {folder.label: folder.failed for folder in found.pending if folder.failed},
        renamed=dict(found.renamed),
        deleted=dict(found.deleted),
        relocated=found.relocated,
        left_out=dict(found.left_out),
        keywords_dropped=dict(total.keywords_dropped),
        repaired=tuple(total.repaired),
        redated=dict(total.redated),
        receipts=dict(total.receipts),
        full=total.full or total.short,
    )
