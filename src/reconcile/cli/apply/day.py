"""``reconcile day``: one batch carried through all that is due, in one process that outlives what goes wrong."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import click

from reconcile.cli.apply.output import TextOutput
from reconcile.cli.apply.tour import ALL, Tour, ended, note, note_held, tell
from reconcile.cli.session.duration import Duration
from reconcile.cli.session.exits import INTERRUPTED
from reconcile.cli.session.session import Session
from reconcile.cli.session.waiting import wait_until
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.applying.outcome import Run
    from reconcile.cli.wiring.prepare import Prepared
    from reconcile.planning.plan.plan import Plan
    from reconcile.providers.base import Provider

#: So long until what failed, was locked or could not be read is tried again.
_AGAIN = dt.timedelta(minutes=1)


@click.command()
@click.argument("date", metavar="DATE")
@click.option("--patience", type=Duration(), default="2h", show_default=True, metavar="DURATION",
              help="Try again what goes wrong until so long after the cutover.")  # fmt: skip
@click.option("--wait", "longest", type=Duration(), default="12h", show_default=True, metavar="DURATION",
              help="Wait in the job for a moment that is not further away.")  # fmt: skip
@click.pass_obj
def day(session: Session, date: str, patience: float, longest: float) -> int:
    """Carry the federations of DATE through all that is due: what is now, then the lock, then the cutover of the eve,
    waiting in between.

    A federation whose file is not valid, whose lock is held, or whose service fails is told, left alone and tried
    again each minute; the others go on. Killed at any moment and started again, it goes on where it was. Exits 0 when
    all is done, 5 when gates hold a federation back, 6 when one is still in trouble.
    """
    from reconcile.cli.wiring.providers import providers
    from reconcile.language.moments import moment as said
    from reconcile.resources.milestones import milestones

    try:
        migration = dt.date.fromisoformat(date)
    except ValueError:
        raise click.UsageError(Phrase("{date!r} is no date, like 2025-01-20.", date=date)) from None
    moments = milestones(migration, session.settings.calendar)
    stops = sorted({moments.lock, moments.cutover})
    _somebody_migrates(session, migration)
    found = providers(session)
    last = Tour()
    among: Collection[str] | None = None
    while True:
        now = session.clock.now()
        tour = _tour(session, migration, found, among)
        tell(session, tour, last)
        last = tour
        if tour.interrupted:
            return INTERRUPTED
        coming = next((moment for moment in stops if moment > now), None)
        near = moments.lock - dt.timedelta(seconds=longest) <= now < moments.cutover + dt.timedelta(seconds=patience)
        again = now + _AGAIN if tour.trouble and near else None
        upcoming = min((moment for moment in (coming, again) if moment is not None), default=None)
        if upcoming is None:
            return ended(session, tour)
        if (upcoming - now).total_seconds() > longest:
            session.warn(
                Phrase("The next moment is {upcoming}: start again that day.", upcoming=said(upcoming, session.zone))
            )
            return ended(session, tour)
        among = tour.unsettled if upcoming == again else None
        milestone = Phrase("the lock") if upcoming == moments.lock else Phrase("the cutover")
        if not wait_until(session, upcoming, Phrase("the next attempt") if upcoming == again else milestone):
            return INTERRUPTED


def _somebody_migrates(session: Session, migration: dt.date) -> None:
    """Raise Problem CFG04 for a date that no file names, as far as the files can be read."""
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    loaded = load_federations(
        session.federations, Criteria(protected=session.settings.protected, register=session.register)
    )
    if not loaded.errors and all(one.file.migration.date != migration for one in loaded.federations):
        raise Problem(
            "CFG04",
            Phrase("No federation migrates on {migration}.", migration=migration),
            "see: reconcile batches show",
            3,
        )


def _tour(session: Session, migration: dt.date, found: Mapping[str, Provider], among: Collection[str] | None) -> Tour:
    """Apply what is due of every federation of the batch that can be applied at this moment, or of those ``among``
    them."""
    from reconcile.applying.able import could_begin
    from reconcile.cli.apply.approval import approved_part
    from reconcile.cli.wiring.gating import note_agreements
    from reconcile.cli.wiring.planning import observe_and_plan
    from reconcile.cli.wiring.unread import note_unread
    from reconcile.planning.guards.held import held_back

    tour = Tour()
    try:
        names = [name for name in _free(session, migration, tour) if among is None or name in among]
        prepared = _prepared(session, names, tour)
        if prepared is None:
            return tour
        note_agreements(session, prepared.federations)
        readers = {name: provider.reader for name, provider in found.items()}
        plan, strange = approved_part(session, observe_and_plan(session, prepared, readers), prepared)
        tour.trouble.update(dict.fromkeys(strange, Phrase("PLN08 it is not as it was approved")))
        note_unread(session, plan, prepared)
        plan = _permitted(session, plan, tour)
        for one in plan.blocked:
            tour.trouble.setdefault(
                one.address.federation, Phrase("{address}: {reason}", address=one.address, reason=one.reason)
            )
        held = held_back(plan)
        note_held(held, plan, tour, session.clock.now())
        # A round that tries again and can do nothing leaves no journal: there may be one each minute.
        if could_begin(plan, held, session.clock.now()) if among is not None else plan.changes or plan.unrecorded:
            note(_carried_out(session, plan, prepared, found), tour)
    except Problem as problem:  # a service that does not answer, a lock taken meanwhile: the next round finds out
        tour.trouble.setdefault(ALL, str(problem))
    return tour


def _free(session: Session, migration: dt.date, tour: Tour) -> list[str]:
    """The federations of that day that nobody else is at work on."""
    from reconcile.cli.wiring.store import store
    from reconcile.config.load import load_federations
    from reconcile.config.rules.criteria import Criteria

    loaded = load_federations(
        session.federations, Criteria(protected=session.settings.protected, register=session.register)
    )
    for error in loaded.errors:
        where = f"{error.path}:{error.line}:{error.column}"
        tour.trouble.setdefault(
            error.path.stem, Phrase("{where}: {code} {message}", where=where, code=error.code, message=error.message)
        )
    ours = [one.slug for one in loaded.federations if one.file.migration.date == migration]
    locks = store(session).locks()
    for slug in ours:
        if slug in locks:
            tour.trouble[slug] = Phrase("its state is locked by {locks}", locks=locks[slug] or Phrase("another run"))
    return [slug for slug in ours if slug not in locks]


def _prepared(session: Session, names: Sequence[str], tour: Tour) -> Prepared | None:
    """What the plan is made from; a federation that cannot be prepared is left out, and only that one."""
    from reconcile.cli.wiring.prepare import prepare

    if not names:
        return None
    try:
        return prepare(session, names)
    except Problem:
        sound = []
        for name in names:
            try:
                prepare(session, [name])
            except Problem as problem:
                tour.trouble[name] = str(problem)
            else:
                sound.append(name)
        return prepare(session, sound) if sound else None


def _permitted(session: Session, plan: Plan, tour: Tour) -> Plan:
    """The plan without the federations whose deletions want somebody's word."""
    from reconcile.planning.guards.guards import Permission, refusals

    for slug in plan.basis:
        part = dataclasses.replace(
            plan,
            changes=tuple(change for change in plan.changes if change.address.federation == slug),
            basis={slug: plan.basis[slug]},
        )
        refused = refusals(part, "", session.settings.guards, Permission())
        if refused:
            tour.trouble[slug] = Phrase("{code} {message}", code=refused[0].code, message=refused[0].message)
            plan = dataclasses.replace(
                plan, changes=tuple(change for change in plan.changes if change.address.federation != slug)
            )
    return plan


def _carried_out(session: Session, plan: Plan, prepared: Prepared, found: Mapping[str, Provider]) -> Run:
    from reconcile.cli.apply.run import Chosen, carry_out
    from reconcile.planning.plan.planfile import digest_of

    output = TextOutput(session)
    chosen = Chosen(plan, prepared, digest_of(plan), reviewed=False)
    return carry_out(session, chosen, found, output, None)
