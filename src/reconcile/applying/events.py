"""What a run tells while it goes, for whoever shows it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from reconcile.applying.outcome import Outcome
from reconcile.planning.plan.plan import Change


@dataclasses.dataclass(frozen=True, slots=True)
class Started:
    """A write is about to be made."""

    change: Change


@dataclasses.dataclass(frozen=True, slots=True)
class Finished:
    """A change ended, one way or another."""

    outcome: Outcome


@dataclasses.dataclass(frozen=True, slots=True)
class Stopping:
    """Somebody asked the run to stop; ``in_flight`` writes are being finished first."""

    in_flight: tuple[Change, ...]


Event = Started | Finished | Stopping
Listener = Callable[[Event], None]
