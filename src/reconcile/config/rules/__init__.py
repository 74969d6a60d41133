"""What federation files must respect beyond their shape: rules on one file, then on all of them together. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.logins import Logins
from reconcile.config.rules.aliases import check_aliases
from reconcile.config.rules.calendar import check_calendar
from reconcile.config.rules.catalogue import RULES, Finding, Rule
from reconcile.config.rules.criteria import Criteria
from reconcile.config.rules.directory import check_directory, check_names
from reconcile.config.rules.inventory import check_inventory
from reconcile.config.rules.licences import check_licences
from reconcile.config.rules.logins import check_logins
from reconcile.config.rules.network import check_network
from reconcile.config.rules.structures import check_structures

__all__ = ["RULES", "Finding", "Rule", "check", "check_names"]


def check(federations: Sequence[Federation], criteria: Criteria) -> Iterator[tuple[Federation, Finding]]:
    """Every finding, with the federation it is about; those of ``check_names``, which are never errors, left out."""
    owners = {domain: federation.slug for federation in federations for domain in federation.domains}
    logins = Logins.known(owners, criteria.servers, criteria.protected, criteria.inventories.values())
    for federation in federations:
        for finding in check_logins(federation, logins):
            yield federation, finding
        for finding in check_licences(federation, owners):
            yield federation, finding
        for finding in check_aliases(federation, owners):
            yield federation, finding
        for finding in (
            *check_directory(federation, criteria.today),
            *check_structures(federation, criteria.register, criteria.today),
        ):
            yield federation, finding
        inventory = criteria.inventories.get(federation.slug)
        if inventory is not None:
            for finding in check_inventory(federation, inventory, criteria.today):
                yield federation, finding
    yield from check_calendar(federations, criteria.batches, criteria.prices, criteria.today)
    yield from check_network(federations, criteria.protected, criteria.servers)
