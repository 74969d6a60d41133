"""Federations that a run leaves between two hosts: mailboxes made and the mail of a domain not switched, or the mail
switched and a mailbox missing."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.applying.outcome import Result, Run
from reconcile.planning.plan.plan import Action, Plan
from reconcile.planning.splits import Late, Split, is_switch

_FAILED = (Result.FAILED, Result.SKIPPED)


def left_split(run: Run, plan: Plan) -> Iterator[Split]:
    """The federations whose switch failed, or waits for what failed, while mailboxes of theirs are in the tenant."""
    before = {one.federation: one for one in plan.splits}
    for slug in sorted({outcome.change.address.federation for outcome in run.outcomes}):
        ours = [outcome for outcome in run.outcomes if outcome.change.address.federation == slug]
        late = [
            outcome.change.address.mail_domain
            for outcome in ours
            if is_switch(outcome.change.address) and outcome.result in _FAILED
        ]
        boxes = [outcome for outcome in ours if outcome.change.address.kind == "mailbox"]
        made = [
            outcome
            for outcome in boxes
            if outcome.result is Result.DONE and outcome.change.action in (Action.CREATE, Action.ADOPT)
        ]
        moved = len(made) + (before[slug].moved if slug in before else 0)
        if late and moved:
            waiting = tuple(sorted(outcome.change.address for outcome in boxes if outcome.result in _FAILED))
            yield Split(slug, tuple(sorted(late)), moved, waiting)


def left_late(run: Run, plan: Plan) -> Iterator[Late]:
    """The federations that are switched, by this run or before, and whose mailboxes did not all come."""
    before = {one.federation for one in plan.late}
    for slug in sorted({outcome.change.address.federation for outcome in run.outcomes}):
        ours = [outcome for outcome in run.outcomes if outcome.change.address.federation == slug]
        switches = [outcome.result for outcome in ours if is_switch(outcome.change.address)]
        waiting = [
            outcome.change.address
            for outcome in ours
            if outcome.change.address.kind == "mailbox"
            and outcome.change.action is Action.CREATE
            and outcome.result in _FAILED
        ]
        if waiting and (slug in before or Result.DONE in switches):
            yield Late(slug, tuple(sorted(waiting)))
