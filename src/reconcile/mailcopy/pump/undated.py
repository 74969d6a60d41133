"""A message that is held back until the date it has to bear is known."""

from __future__ import annotations

import dataclasses

from reconcile.mailcopy.imap.grammar import Flags
from reconcile.mailcopy.pump.append import Outgoing

#: Bytes of a header held while its message has no date of arrival.
HEADER_MOST = 1 << 16


@dataclasses.dataclass(slots=True)
class Undated:
    """A message without a date of arrival that can be: held until its header has come, for the date in that."""

    message: Outgoing
    flags: Flags
    alone: bool
    header: bytearray = dataclasses.field(default_factory=bytearray)

    @property
    def complete(self) -> bool:
        """Whether the whole header has come, or as much of it as is waited for."""
        return b"\r\n\r\n" in self.header or len(self.header) > HEADER_MOST
