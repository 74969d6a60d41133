"""The two surfaces of the tenant a writer works on, and what it waits with."""

from __future__ import annotations

import dataclasses

from reconcile.clock import Clock
from reconcile.config.settings.settings import Settings
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.microsoft.reading.watch import Watch
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.graph import Graph
from reconcile.resources.address import Address


@dataclasses.dataclass(frozen=True, slots=True)
class Surfaces:
    graph: Graph
    exchange: Exchange
    clock: Clock
    settings: Settings
    watch: Watch


def changed_since(address: Address, what: str) -> Problem:
    return Problem(
        "M365-15",
        Phrase("{key}: {what} since the plan was made; nothing was written.", key=address.key, what=what),
        "make a new plan and look at it again",
    )


def disagrees(address: Address, names: str) -> Problem:
    return Problem(
        "M365-16",
        Phrase("{key}: the tenant took the change but does not show it yet ({names}).", key=address.key, names=names),
        "run plan in a few minutes; apply again if it still differs",
    )
