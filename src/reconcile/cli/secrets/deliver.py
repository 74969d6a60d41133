"""``reconcile secrets deliver``: the passwords' part of an apply, and nothing else of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import click

from reconcile.cli.session.exits import DONE, ERROR
from reconcile.cli.session.named import named
from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem


@click.command()
@click.argument("what", nargs=-1, metavar="[DATE|FEDERATION]...")
@click.option("--carried", is_flag=True, help="The files that waited were laid in the account by hand.")
@click.pass_obj
def deliver(session: Session, what: tuple[str, ...], carried: bool) -> int:
    """Hand over the first passwords that are due, of the federations named or of all; what was delivered stays.

    Nothing is delivered before a federation's mail was switched. Takes the identity that opens the vault.
    """
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    loaded = load_federations(session.federations, Criteria(protected=session.settings.protected))
    slugs = sorted(named(loaded, what))
    if carried:
        _carried(session, slugs, required=bool(what))
    return hand_over(session, slugs)


def hand_over(session: Session, slugs: Sequence[str]) -> int:
    """Apply the deliveries of these federations alone; the exit code."""
    from reconcile.applying.outcome import Result
    from reconcile.cli.apply.output import TextOutput
    from reconcile.cli.apply.run import Chosen, carry_out
    from reconcile.cli.wiring.planning import observe_and_plan
    from reconcile.cli.wiring.prepare import prepare
    from reconcile.cli.wiring.providers import providers
    from reconcile.planning.plan.planfile import digest_of

    found = providers(session)
    prepared = prepare(session, slugs)
    plan = observe_and_plan(session, prepared, {name: provider.reader for name, provider in found.items()})
    pending = {change.address for change in plan.changes}
    ours = [change for change in plan.changes if change.address.kind == "credentials"]
    ready = []
    for change in ours:
        if any(address in pending for address in change.after):
            session.warn(
                Phrase(
                    "The mail of {federation} is not switched yet: nothing is delivered before.",
                    federation=change.address.federation,
                )
            )
        else:
            ready.append(dataclasses.replace(change, behind=(), spare=0))
    unknown = tuple(one for one in plan.blocked if one.address.kind == "credentials")
    for one in unknown:
        session.warn(Phrase("{address}: {reason}", address=one.address, reason=one.reason))
    if not ready:
        click.echo(session.say("Nothing is to be delivered."))
        return ERROR if unknown else DONE
    plan = dataclasses.replace(plan, changes=tuple(ready), blocked=unknown, unrecorded=())
    chosen = Chosen(plan, prepared, digest_of(plan), reviewed=False)
    output = TextOutput(session)
    run = carry_out(session, chosen, found, output, None)
    output.run(run, plan)
    return ERROR if run.tally[Result.FAILED] else DONE


def _carried(session: Session, slugs: Sequence[str], *, required: bool) -> None:
    from reconcile.cli.wiring.passwords.delivery import outbox

    box = outbox(session)
    waiting = [one for slug in slugs for one in box.deliveries(slug) if not one.delivered]
    if required and not waiting:
        raise Problem("SEC22", "No delivery of these federations waits to be carried.", "see: reconcile secrets list")
    for one in waiting:
        box.carry(one)
