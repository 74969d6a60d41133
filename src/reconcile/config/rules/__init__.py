"""What federation files must respect beyond their shape: rules on one file, then on all of them together. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from reconcile.config.federation import Federation
from reconcile.config.rules.aliases import check_aliases
from reconcile.config.rules.catalogue import RULES, Finding, Rule
from reconcile.config.rules.directory import check_directory
from reconcile.config.rules.licences import check_licences
from reconcile.config.rules.network import check_network

__all__ = ["RULES", "Finding", "Rule", "check"]


def check(
    federations: Sequence[Federation], protected: Collection[str], servers: Collection[str] | None
) -> Iterator[tuple[Federation, Finding]]:
    """Every finding, with the federation it is about.

    ``protected``: addresses and domains never to be touched. ``servers``: the old hosts, None when not known.
    """
    owners = {domain: federation.slug for federation in federations for domain in federation.domains}
    for federation in federations:
        for finding in check_licences(federation, owners):
            yield federation, finding
        for finding in check_aliases(federation, owners):
            yield federation, finding
        for finding in check_directory(federation):
            yield federation, finding
    yield from check_network(federations, protected, servers)
