"""The contract of whoever carries letters: hand one over at most once, and find it again."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable
from typing import Protocol


@dataclasses.dataclass(frozen=True, slots=True)
class Parcel:
    """A letter ready to leave: whole bytes with CRLF, and the envelope. ``name``: federation and letter, for people."""

    name: str
    message_id: str
    sender: str
    to: str
    data: bytes


class Found(enum.Enum):
    """What a look for a letter tells."""

    LEFT = "left"
    NOT_THERE = "not there"
    #: There is no place in which one could look.
    CANNOT_LOOK = "cannot look"


class Carrier(Protocol):
    """One way out."""

    def deliver(self, parcel: Parcel, committed: Callable[[str], None]) -> None:
        """Hand the letter over. ``committed`` is called just before the point from which nobody can take it back, with
        the Message-ID under which it can be found.

        Raises ``Problem`` when it surely did not leave, ``Unsure`` when nobody knows.
        """

    def find(self, message_id: str) -> Found:
        """Whether a letter of that Message-ID has left. Raises ``Problem`` when it could not be looked for."""
