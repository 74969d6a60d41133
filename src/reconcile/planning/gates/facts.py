"""What the gates of one federation are judged by, and how they say why one does not hold."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory
from reconcile.config.rehearsal import Rehearsal
from reconcile.config.settings.tables.batches import Batch
from reconcile.config.settings.tables.legacy.lock import Lock
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.problem import Problem


class Agreed(Protocol):
    """That a federation confirmed on a day, and for which date."""

    @property
    def confirmed(self) -> dt.date: ...
    @property
    def date(self) -> dt.date: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """What the gates of one federation are judged by.

    ``lock``: its moment. ``batches``: the calendar, empty when the network keeps none. ``beyond``: the batch that has
    no room for it. ``rehearsal`` and ``inventory``: the newest, or why they cannot be told, None without any.
    ``switches``: settings of the tenant that would refuse its mail, as read now; None: as the rehearsal saw them.
    ``seals``: whether reconcile.toml names a key to seal first passwords to. ``returned``: what came back of a letter
    to its present contact.
    """

    federation: Federation
    lock: dt.datetime
    batches: Sequence[Batch] = ()
    beyond: Batch | None = None
    rehearsal: Rehearsal | Problem | None = None
    inventory: Inventory | Problem | None = None
    switches: Sequence[str] | Problem | None = None
    prices: Prices = dataclasses.field(default_factory=Prices)
    seals: bool = True
    returned: str = ""
    #: How its old host is locked; None when reconcile.toml does not say, or names no such host.
    host_lock: Lock | None = None
    #: For which date it confirmed, as it was first seen, or why that cannot be told; None when nobody saw it yet.
    agreement: Agreed | Problem | None = None


#: Why a gate does not hold, and what to do about it.
Reason = tuple[str, str]
