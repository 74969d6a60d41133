"""The contract of a mailbox that letters are sent from, between those who send and the system that holds it."""

from __future__ import annotations

import dataclasses
from typing import Protocol


class Unsure(Exception):
    """Something was handed over and no answer came: it may or may not have been done."""


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """A message of the mailbox, with the Message-ID the system gave it; ``draft``: it has not left."""

    id: str
    message_id: str
    draft: bool


class SenderMailbox(Protocol):
    """The sender's mailbox. Every method raises ``Problem`` for what the system will not do."""

    def draft(self, mime: bytes) -> Seen:
        """Put a draft there. Raises ``Unsure`` when nobody knows whether it is there."""

    def send(self, draft: Seen) -> None:
        """Have a draft leave. Raises ``Unsure`` when nobody knows whether it will."""

    def find(self, message_id: str) -> Seen | None:
        """The message of that Message-ID, in any folder; one that has left before one that has not."""
