"""What federation files must respect beyond their shape: rules on one file, then on all of them together. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType

from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory
from reconcile.config.inventory.logins import Logins
from reconcile.config.rules.aliases import check_aliases
from reconcile.config.rules.calendar import check_calendar
from reconcile.config.rules.catalogue import RULES, Finding, Rule
from reconcile.config.rules.directory import check_directory, check_names
from reconcile.config.rules.inventory import check_inventory
from reconcile.config.rules.licences import check_licences
from reconcile.config.rules.logins import check_logins
from reconcile.config.rules.network import check_network
from reconcile.config.rules.structures import check_structures
from reconcile.config.settings.tables.batches import Batch
from reconcile.config.settings.tables.legacy.legacy import LegacyServer
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.config.structures.register import Register
from reconcile.problem import Problem

__all__ = ["NO_INVENTORIES", "RULES", "Finding", "Rule", "check"]

#: Nothing was read from the old hosts yet.
NO_INVENTORIES: Mapping[str, Inventory | Problem] = MappingProxyType({})


def check(
    federations: Sequence[Federation],
    protected: Collection[str],
    servers: Mapping[str, LegacyServer] | None,
    inventories: Mapping[str, Inventory | Problem] = NO_INVENTORIES,
    today: dt.date | None = None,
    batches: Sequence[Batch] | None = None,
    prices: Prices | None = None,
    register: Register | None = None,
) -> Iterator[tuple[Federation, Finding]]:
    """Every finding, with the federation it is about.

    ``protected``: addresses and domains never to be touched. ``servers``: the old hosts, None when not known.
    ``inventories``: what the old hosts held, by the federation's slug, or why that cannot be told. ``today``: the civil
    day all is judged at; without it, what depends on the day is not. ``batches``: the dates of the calendar, None when
    they are not known. ``prices``: what licences cost, None when that is not judged. ``register``: the structures as
    PopStructure had them, None when it was never read.
    """
    owners = {domain: federation.slug for federation in federations for domain in federation.domains}
    logins = Logins.known(owners, servers, protected, inventories.values())
    for federation in federations:
        for finding in check_logins(federation, logins):
            yield federation, finding
        for finding in check_licences(federation, owners):
            yield federation, finding
        for finding in check_aliases(federation, owners):
            yield federation, finding
        for finding in (*check_directory(federation, today), *check_structures(federation, register, today)):
            yield federation, finding
        inventory = inventories.get(federation.slug)
        if inventory is not None:
            for finding in check_inventory(federation, inventory, today):
                yield federation, finding
    yield from check_calendar(federations, batches, prices, today)
    yield from check_names(federations)
    yield from check_network(federations, protected, servers)
