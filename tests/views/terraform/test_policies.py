"""The example policies of docs/policies, judging plans by the document other people's policies would read."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest
from tests.views.sample_plans import CUTOVER, EMPTY, EVERYTHING, MIGRATION, NOW, altered, marne, meuse, new

from reconcile.planning.plan.plan import Action, Cause, Change, Plan
from reconcile.resources.address import Address
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.resources.resource import Live
from reconcile.views.terraform.names import named
from reconcile.views.terraform.plan import document

opa_eval = pytest.importorskip("opa_eval", reason="opa-eval has no wheel for this machine")
POLICIES = Path(__file__).parents[3] / "docs" / "policies"


def denied(policy: str, plan: Plan) -> set[str]:
    """What a policy of docs/policies refuses, as the ends of its sentences."""
    judge = opa_eval.OpaEval(str(POLICIES / policy), query="data.main.deny")
    return {sentence.partition(": ")[2] for sentence in judge.evaluate_parsed(json.dumps(document(plan)))}


def where(*addresses: Address) -> set[str]:
    return {named(address).address for address in addresses}


def test_a_policy_keeps_mailboxes() -> None:
    assert denied("keep_mail.rego", MIGRATION) == set()
    assert denied("keep_mail.rego", dataclasses.replace(EVERYTHING, blocked=())) == where(
        meuse("mailbox", "ancien@spf55.org")
    )


def test_a_policy_keeps_the_mx_and_lets_other_records_go() -> None:
    records = [meuse("dns", "spf55.org/MX"), meuse("dns", "spf55.org/TXT/verification")]
    gone = tuple(Change(one, Action.DELETE, Cause.YAML, Live(one, {}), {}) for one in records)
    assert denied("keep_mail.rego", dataclasses.replace(EMPTY, changes=gone)) == where(records[0])


def test_a_policy_asks_for_a_plan_that_saw_everything() -> None:
    unseen = dataclasses.replace(EMPTY, blocked=EVERYTHING.blocked)
    assert denied("keep_mail.rego", unseen) == where(
        marne("mailbox", "contact@spf51.org"), marne("dns", "spf51.org/MX")
    )


@pytest.mark.parametrize(
    ("made", "calm"),
    [
        (dt.datetime(2025, 1, 20, 7, 0, tzinfo=dt.UTC), True),  # Monday 8:00
        (dt.datetime(2025, 1, 20, 6, 59, tzinfo=dt.UTC), False),
        (dt.datetime(2025, 7, 21, 6, 30, tzinfo=dt.UTC), True),  # Monday 8:30, summer time
        (dt.datetime(2025, 1, 20, 17, 0, tzinfo=dt.UTC), False),  # Monday 18:00
        (dt.datetime(2025, 1, 18, 10, 0, tzinfo=dt.UTC), False),  # Saturday
    ],
)
def test_a_policy_keeps_office_hours(made: dt.datetime, calm: bool) -> None:
    plan = dataclasses.replace(EMPTY, created=made, changes=(altered(meuse("mailbox", "a@spf55.org")),))
    assert denied("quiet_hours.rego", plan) == (set() if calm else where(meuse("mailbox", "a@spf55.org")))


def test_a_policy_lets_a_migration_wait_for_its_sunday() -> None:
    sunday = dataclasses.replace(
        EMPTY,
        changes=(
            new(meuse("mailbox", "waits@spf55.org"), CUTOVER),
            new(meuse("mailbox", "undated@spf55.org"), UNSCHEDULED),
            new(meuse("mailbox", "over@spf55.org"), NOW - dt.timedelta(hours=1)),
            dataclasses.replace(altered(meuse("mailbox", "as-asked@spf55.org")), action=Action.ADOPT),
        ),
    )
    assert denied("quiet_hours.rego", sunday) == where(meuse("mailbox", "over@spf55.org"))
