"""``reconcile state rebuild``: a lost state, found again by the marks in the tenant."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.session import Session
from reconcile.cli.state.edit_context import edit_context
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.cli.wiring.prepare import Prepared
    from reconcile.providers.base import Observed
    from reconcile.resources.address import Address


@click.command()
@click.argument("federation", type=FEDERATION)
@click.pass_obj
def rebuild(session: Session, federation: str) -> None:
    """Find a lost state again: what bears our mark in the tenant is recorded as ours, described in YAML or not.

    What was protected has to be protected anew. Records of DNS, delegates and copies bear no mark; the next apply
    records those that are as YAML asks.
    """
    from reconcile.cli.wiring.prepare import prepare
    from reconcile.planning.recover import recovered
    from reconcile.state.edit import edit
    from reconcile.state.snapshot.snapshot import Snapshot

    prepared = prepare(session, (federation,))
    (slug,) = prepared.snapshots
    observed = _seen(session, prepared)
    context = edit_context(session, "state rebuild")
    found = recovered(slug, prepared.inputs.desired, observed, context.holder.run, session.clock.now())
    known = prepared.snapshots[slug].records
    missing = [record for record in found if record.address not in known]
    if missing:
        edit(slug, lambda snapshot: functools.reduce(Snapshot.put, missing, snapshot), context)
    session.warn(
        Phrase(
            "Recorded {number} of {number2} resources that bear the mark of {slug}; {number3} were known.",
            number=len(missing),
            number2=len(found),
            slug=slug,
            number3=len(known),
        )
    )
    session.warn(Phrase("  → look at what the next apply would do: reconcile plan {slug}", slug=slug))


def _seen(session: Session, prepared: Prepared) -> Mapping[Address, Observed]:
    """Every mailbox of the federation's domains. Raises STA13 when one cannot be read: a part is not enough."""
    from reconcile.cli.wiring.providers import readers
    from reconcile.providers.base import Scope, Unknown, Wanted

    reader = readers(session)["microsoft"]
    domains = prepared.inputs.domains
    wanted = [Wanted(one.address, one) for one in prepared.inputs.desired if one.address.kind == "mailbox"]
    first = reader.observe(Scope(wanted, domains))
    others = [Wanted(address, None) for address in first.unmanaged if address.kind == "mailbox"]
    observed = {**first.observed, **reader.observe(Scope(others, domains)).observed}
    for address, shown in observed.items():
        if isinstance(shown, Unknown):
            raise Problem(
                "STA13",
                Phrase("{address} cannot be read: {reason}", address=address, reason=shown.reason),
                "nothing was recorded; try again",
            )
    return observed
