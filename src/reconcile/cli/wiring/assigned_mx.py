"""The MX that Microsoft has assigned to a domain, for checks that judge a zone by it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation


def assigned_mx(session: Session, federations: Sequence[Federation]) -> Callable[[str], tuple[str, ...]]:
    """The MX hosts of a domain, none while they are not known: not verified yet, or the tenant cannot be read.

    The tenant is read once, when first asked.
    """
    known: dict[str, tuple[str, ...]] = {}

    def hosts(domain: str) -> tuple[str, ...]:
        if not known:
            known.update({domain: () for one in federations for domain in one.domains})
            try:
                known.update(_read(session, federations))
            except Problem as problem:
                session.warn(Phrase("The MX that Microsoft assigns is not known: {message}", message=problem.message))
        return known.get(domain, ())

    return hosts


def _read(session: Session, federations: Sequence[Federation]) -> dict[str, tuple[str, ...]]:
    from reconcile.cli.wiring.providers import readers
    from reconcile.providers.base import Scope, Wanted
    from reconcile.resources.desired.federations import compile_federations
    from reconcile.resources.resource import Live

    desired = compile_federations(federations, session.settings, session.clock.now())
    asked = [Wanted(one.address, one) for one in desired if one.address.kind == "domain_verification"]
    domains = {domain: one.slug for one in federations for domain in one.domains}
    observed = readers(session)["microsoft"].observe(Scope(asked, domains)).observed
    found: dict[str, tuple[str, ...]] = {}
    for address, shown in observed.items():
        values = shown.outputs.get("mx") if isinstance(shown, Live) else None
        texts = values if isinstance(values, tuple) else ()
        found[address.key] = tuple(text.partition(" ")[2].rstrip(".") for text in texts)
    return found
