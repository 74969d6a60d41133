"""``reconcile apply``: carry a plan out."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconcile.cli.apply.output import ApplyOutput, EventOutput, TextOutput
from reconcile.cli.apply.run import Chosen, carry_out
from reconcile.cli.session.completion import FEDERATION
from reconcile.cli.session.duration import Duration
from reconcile.cli.session.exits import DONE, ERROR, INTERRUPTED, INVALID, PARTLY_APPLIED, REFUSED, STALE_OR_LOCKED
from reconcile.cli.session.moment import moment_at
from reconcile.cli.session.session import Session
from reconcile.cli.session.waiting import wait_until
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.applying.outcome import Run
    from reconcile.planning.plan.plan import Plan
    from reconcile.providers.base import Provider


@click.command()
@click.argument("what", nargs=-1, type=FEDERATION, metavar="[PLAN | FEDERATION...]")
@click.option("--target", multiple=True, metavar="GLOB", help="Only these addresses and what they need: 'spf55/dns/*'.")
@click.option("--yes", is_flag=True, help="Do not ask: for pipelines.")
@click.option("--allow-delete", is_flag=True, help="Let the plan delete what holds mail, or the way to it.")
@click.option("--at", "start", default="", metavar="TIME", help="Wait here until then: 16:00, or 2025-01-19T16:00.")
@click.option("--deadline", type=Duration(), metavar="DURATION", help="Start nothing more after this long: 90m, 2h.")
@click.option("--events", is_flag=True, help="Print Terraform's stream of events, one a line; asks nothing.")
@click.option("--override", default="", metavar="DIGEST", help="Apply this plan although it is beyond the thresholds.")
@click.pass_obj
def apply(
    session: Session,
    what: tuple[str, ...],
    target: tuple[str, ...],
    yes: bool,
    allow_delete: bool,
    start: str,
    deadline: float | None,
    events: bool,
    override: str,
) -> int:
    """Carry out what is due: a saved PLAN exactly as it was reviewed, or a fresh plan for the federations named.

    Without a saved plan it shows what it would do and asks. What is not due yet is left for a later apply.
    Interrupted or killed, the next apply completes it. With --at it waits first; started late it goes on at once, and
    started twice it does everything once.
    """
    from reconcile.cli.apply.approval import approved_part
    from reconcile.cli.wiring.gating import note_agreements
    from reconcile.cli.wiring.letters.bounces import look_for_bounces
    from reconcile.cli.wiring.providers import providers
    from reconcile.cli.wiring.unread import note_unread
    from reconcile.planning.guards.guards import Permission, clock_refusals, refusals

    if len(what) > 1 and any(map(_is_file, what)):
        raise click.UsageError("A saved plan is applied alone; federations are named without it.")
    if start:
        moment = moment_at(start, session.clock.now(), session.zone)
        if not wait_until(session, moment, Phrase("the moment to apply")):
            return INTERRUPTED
    output: ApplyOutput = EventOutput(session) if events else TextOutput(session)
    look_for_bounces(session)
    found = providers(session)
    chosen = _saved(session, Path(what[0]), target, found) if _is_plan(what) else _fresh(session, what, target, found)
    plan, strange = approved_part(session, chosen.plan, chosen.prepared)
    chosen = dataclasses.replace(chosen, plan=plan, stale=chosen.stale or bool(strange))
    digest = chosen.digest if chosen.reviewed else ""
    ahead = None if session.sandbox else found["microsoft"].ahead()  # the sandbox's clock is its own
    denied = clock_refusals(plan, ahead) + refusals(
        plan, digest, session.settings.guards, Permission(allow_delete, override)
    )
    output.plan(plan, reviewed=chosen.reviewed and not denied)
    for refusal in denied:
        session.warn(
            Phrase("{code} {message}\n  → {hint}", code=refusal.code, message=refusal.message, hint=refusal.hint)
        )
    if denied:
        return REFUSED
    note_agreements(session, chosen.prepared.federations)
    if not target and not chosen.reviewed:
        note_unread(session, plan, chosen.prepared)
    if not plan.changes and not plan.unrecorded:
        output.nothing_done(complete=not (chosen.stale or plan.blocked or plan.left_out))
        without = INVALID if plan.left_out else ERROR if plan.blocked else DONE
        return STALE_OR_LOCKED if chosen.stale else without
    if plan.changes and not (yes or chosen.reviewed) and not output.confirmed():
        raise Problem("GRD03", "Nothing was applied: nobody said yes.", "say --yes, or apply a saved plan", REFUSED)
    run = carry_out(session, chosen, found, output, deadline)
    output.run(run, plan)
    if deadline and run.interrupted and run.seconds >= deadline:
        return PARTLY_APPLIED
    return STALE_OR_LOCKED if chosen.stale and not run.interrupted else _exit_code(run, plan, session.clock.now())


def _is_plan(what: tuple[str, ...]) -> bool:
    return len(what) == 1 and _is_file(what[0])


def _is_file(word: str) -> bool:
    return word.endswith(".json") or "/" in word


def _saved(session: Session, file: Path, target: tuple[str, ...], found: Mapping[str, Provider]) -> Chosen:
    """What is still true of a saved plan. Raises PLN04 (exit 4) when it is too old."""
    from reconcile.cli.session.tracked import authenticity_key, refuse_tracked
    from reconcile.cli.wiring.planning import closed_gates, observe_and_plan
    from reconcile.cli.wiring.prepare import prepare_again
    from reconcile.language.moments import moment as said
    from reconcile.planning.guards.staleness import expired, moved, sift
    from reconcile.planning.plan import planfile
    from reconcile.planning.plan.targets import refuse_strays, restrict

    refuse_tracked(session, file)
    key = authenticity_key(session)
    plan = planfile.load(file, key)
    if expired(plan, session.clock.now()):
        message = Phrase("{file} expired on {expires}.", file=file, expires=said(plan.expires, session.zone))
        raise Problem("PLN04", message, "plan again", STALE_OR_LOCKED)
    prepared = prepare_again(session, plan)
    basis = prepared.inputs.basis
    readers = {name: provider.reader for name, provider in found.items()}
    fresh = observe_and_plan(session, prepared, readers) if moved(plan, basis) or not key else None
    refuse_strays(target, [change.address for change in plan.changes])
    sifted = sift(plan, basis, fresh, trusted=key is not None)
    for one in sifted.stale:
        session.warn(Phrase("PLN04 {what} is stale in this plan: {reason}.", what=one.what, reason=one.reason))
    if sifted.stale:
        session.warn("  → plan again")
    if sifted.done:
        session.warn(
            Phrase(
                "{done} of the plan's {number} changes are made already.", done=sifted.done, number=len(plan.changes)
            )
        )
    digest = planfile.digest_of(plan)
    plan = dataclasses.replace(
        restrict(sifted.plan, target),
        gates=closed_gates(session, prepared, (fresh or plan).findings),
        left_out=(),  # of what was reviewed, nothing is
    )
    return Chosen(plan, prepared, digest, reviewed=True, stale=bool(sifted.stale))


def _fresh(session: Session, names: tuple[str, ...], target: tuple[str, ...], found: Mapping[str, Provider]) -> Chosen:
    """A plan made now."""
    from reconcile.cli.wiring.planning import observe_and_plan_targets
    from reconcile.cli.wiring.prepare import prepare_targets
    from reconcile.planning.plan.planfile import digest_of

    prepared = prepare_targets(session, names, target)
    readers = {name: provider.reader for name, provider in found.items()}
    plan = observe_and_plan_targets(session, prepared, readers, target)
    return Chosen(plan, prepared, digest_of(plan), reviewed=False)


def _exit_code(run: Run, plan: Plan, now: dt.datetime) -> int:
    from reconcile.applying.left_split import left_late, left_split
    from reconcile.applying.outcome import Result

    counts = run.tally
    if run.interrupted:
        return INTERRUPTED
    if counts[Result.FAILED] or counts[Result.SKIPPED] or plan.blocked:
        between = any(left_split(run, plan)) or any(left_late(run, plan))
        return PARTLY_APPLIED if counts[Result.DONE] or between else ERROR
    if plan.left_out:
        return PARTLY_APPLIED if counts[Result.DONE] else INVALID
    return REFUSED if _held_at_its_moment(run, plan, now) else DONE


def _held_at_its_moment(run: Run, plan: Plan, now: dt.datetime) -> bool:
    """Whether a gate kept back what was due. What is held long before a lock has time; it is only told."""
    from reconcile.applying.outcome import Result

    lock = {gate.federation: gate.lock for gate in plan.gates if not gate.open}
    held = {outcome.change.address.federation for outcome in run.outcomes if outcome.result is Result.HELD}
    return any(lock[slug] <= now for slug in held & lock.keys())
