"""Letters as a mailbox of the tenant: a draft first, then its sending, which a draft goes through once.

``sendMail`` alone is not idempotent: after a lost answer nobody could tell whether the letter left, and a retried one
has arrived four times. A draft can be looked at: it is one until it has left, and sending it again finds it gone.
"""

from __future__ import annotations

from collections.abc import Callable

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.providers.outbox import Seen, SenderMailbox, Unsure
from reconcile.providers.post.carrier import Found, Parcel

#: Seconds between two letters (30 leave a mailbox in a minute), between two looks at one, and how many looks.
PACE, LOOK_EVERY, LOOKS = 2.0, 2.0, 15


class GraphCarrier:
    """Hands letters to ``mailbox``, at the pace the service allows."""

    def __init__(self, mailbox: SenderMailbox, clock: Clock) -> None:
        self._mailbox = mailbox
        self._clock = clock

    def deliver(self, parcel: Parcel, committed: Callable[[str], None]) -> None:
        draft = self._drafted(parcel)
        committed(draft.message_id)
        if not draft.draft:
            return  # a former try left after all
        self._mailbox.send(draft)
        for _ in range(LOOKS):  # accepted is not sent
            if self.find(draft.message_id) is Found.LEFT:
                self._clock.sleep(PACE)
                return
            self._clock.sleep(LOOK_EVERY)
        raise Unsure(Phrase("the tenant accepted it, and it is not among what was sent"))

    def find(self, message_id: str) -> Found:
        seen = self._mailbox.find(message_id)
        return Found.LEFT if seen is not None and not seen.draft else Found.NOT_THERE

    def _drafted(self, parcel: Parcel) -> Seen:
        """A former try's draft, or a new one. One that was lost sight of is harmless: none leaves by itself."""
        if (known := self._mailbox.find(parcel.message_id)) is not None:
            return known
        try:
            return self._mailbox.draft(parcel.data)
        except Unsure:
            return self._mailbox.find(parcel.message_id) or self._mailbox.draft(parcel.data)
