"""A million mailboxes, from what was measured of workers and of the list: no measurement, arithmetic."""

from __future__ import annotations

import dataclasses

MAILBOXES, MESSAGES_EACH, DAYS = 1_000_000, 3_000, 30


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """``rate``: messages a second of one worker; ``cpu``: its processor seconds for each. ``writes``: transactions for
    each message; ``notes``: such transactions a second that the list took. ``claim``: seconds to claim a mailbox."""

    rate: float
    cpu: float
    writes: float
    notes: float
    claim: float


def million(of: Measured) -> dict[str, float]:
    """What copying a million mailboxes of 3,000 messages in thirty days would take.

    Workers, of that size; cores for them; the share of the database's writes; the share of the time in which some
    worker claims, for one does so at a time; and the fewest days one database allows, whatever the number of workers.
    """
    messages, seconds = MAILBOXES * MESSAGES_EACH, DAYS * 86_400
    a_second = messages / seconds
    claiming = MAILBOXES * of.claim / seconds
    least = max(messages * of.writes / of.notes, MAILBOXES * of.claim) / 86_400
    return {
        "million_messages_per_s": a_second,
        "million_workers_in_30_days": a_second / of.rate,
        "million_cores": a_second * of.cpu,
        "million_database_share": a_second * of.writes / of.notes,
        "million_claiming_share": claiming,
        "million_least_days": least,
    }
