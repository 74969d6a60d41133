"""A gate: its code, whether it holds for a federation, and what to do when it does not."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

#: code → what holds when the gate does.
GATES: Mapping[str, str] = MappingProxyType(
    {
        "GAT01": "the date is one of the calendar and has room",
        "GAT02": "the move was rehearsed, and nothing stood in the way",
        "GAT03": "every old address is kept or given up",
        "GAT04": "the date is confirmed",
        "GAT05": "the surcharge was told",
        "GAT06": "the contact can be reached outside the domain",
        "GAT07": "an account receives the passwords",
        "GAT08": "the structures are complete",
        "GAT09": "the old mail fits in the new mailboxes",
        "GAT10": "no other tenant holds a domain",
        "GAT11": "the tenant refuses no mail of the federation",
        "GAT30": "the old host can be locked",
        "GAT35": "first passwords can be sealed",
        "GAT47": "letters reach the contact",
    }
)

#: The gates judged again once the old mailboxes are locked.
BEFORE_THE_SWITCH = frozenset({"GAT10", "GAT11"})

#: The gates without which nothing irreversible happens: proving a domain takes a viral tenant over, for ever.
IRREVERSIBLE = frozenset({"GAT04", "GAT10"})


@dataclasses.dataclass(frozen=True, slots=True)
class Gate:
    """One gate of one federation. ``why``: "" when it holds. ``hint``: what to do. ``waived``: the reason of the line
    that sets it aside, "" without one. ``lock``: the moment before which it must hold."""

    federation: str
    code: str
    lock: dt.datetime
    why: str = ""
    hint: str = ""
    waived: str = ""

    @property
    def open(self) -> bool:
        """Whether it lets the federation through."""
        return not self.why or bool(self.waived)

    @property
    def title(self) -> str:
        return GATES[self.code]
