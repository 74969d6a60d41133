"""What federation files are judged by, besides what they say."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from reconcile.config.inventory.inventory import Inventory
from reconcile.config.settings.tables.batches import Batch
from reconcile.config.settings.tables.legacy.legacy import LegacyServer
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.config.structures.register import Register
from reconcile.problem import Problem

#: Nothing was read from the old hosts yet.
NO_INVENTORIES: Mapping[str, Inventory | Problem] = MappingProxyType({})


@dataclasses.dataclass(frozen=True, slots=True)
class Criteria:
    """What the settings, the day and earlier readings say; what is left out is not judged.

    ``protected``: addresses and domains that no file may declare. ``servers``: the old hosts that files may name; None
    when they are not known. ``inventories``: what the old hosts held, by slug, or why that cannot be told. ``today``:
    the civil day the files are judged at; without it, what depends on the day is not. ``batches``: the dates of the
    calendar, None when they are not known. ``prices``: what licences cost, None when that is not judged.
    ``register``: the structures as PopStructure had them, None when it was never read.
    """

    protected: Collection[str] = ()
    servers: Mapping[str, LegacyServer] | None = None
    inventories: Mapping[str, Inventory | Problem] = dataclasses.field(default_factory=lambda: NO_INVENTORIES)
    today: dt.date | None = None
    batches: Sequence[Batch] | None = None
    prices: Prices | None = None
    register: Register | None = None


#: Only by what they say themselves.
FILES_ALONE = Criteria()
