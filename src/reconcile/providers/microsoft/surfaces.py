"""The two surfaces of the tenant a writer works on, and what it waits with."""

from __future__ import annotations

import dataclasses

from reconcile.clock import Clock
from reconcile.config.settings import Settings
from reconcile.problem import Problem
from reconcile.providers.microsoft import records
from reconcile.providers.microsoft.exchange import Exchange
from reconcile.providers.microsoft.graph import Graph, segment
from reconcile.providers.microsoft.records import Box, User, smtp_addresses
from reconcile.providers.microsoft.settle import Arrivals
from reconcile.resources.address import Address


@dataclasses.dataclass(frozen=True, slots=True)
class Surfaces:
    graph: Graph
    exchange: Exchange
    clock: Clock
    settings: Settings
    arrivals: Arrivals

    def user(self, name: str) -> User | None:
        """The account of that object id or sign-in name."""
        row = self.graph.one(f"/users/{segment(name)}", records.USER_SELECT)
        return records.user(row) if row else None

    def box(self, identity: str) -> Box | None:
        """The mailbox of that account id, GUID or address."""
        name = identity.lower()

        def is_it(row: dict[str, object]) -> bool:
            found = records.box(row)
            return name in {found.user_id, found.guid} | smtp_addresses(found.proxies)

        row = self.exchange.one("Get-Mailbox", records.BOX_SELECT, identity, is_it)
        return records.box(row) if row else None


def changed_since(address: Address, what: str) -> Problem:
    return Problem(
        "M365-15",
        f"{address.key}: {what} since the plan was made; nothing was written.",
        "make a new plan and look at it again",
    )


def disagrees(address: Address, names: str) -> Problem:
    return Problem(
        "M365-16",
        f"{address.key}: the tenant took the change but does not show it yet ({names}).",
        "run plan in a few minutes; apply again if it still differs",
    )
