"""What a postmaster reads before saying yes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

import pytest
from rich.text import Text
from tests.views.sample_plans import EMPTY, EVERYTHING, MIGRATION, PARIS, meuse, new

from reconcile.config.settings.tables.guards import Guards
from reconcile.planning.guards.guards import Permission, refusals
from reconcile.planning.plan.plan import Action, Plan
from reconcile.resources import kinds
from reconcile.resources.address import Address
from reconcile.resources.resource import Reference
from reconcile.views.plan.change_text import Detail
from reconcile.views.plan.text import plan_text, refusals_text
from reconcile.views.wording import value

Golden = Callable[[str, Iterable[Text]], None]


def said(plan: Plan, detail: Detail = Detail.REVIEW) -> str:
    return "\n".join(line.plain for line in plan_text(plan, PARIS, detail))


@pytest.mark.parametrize(
    ("name", "plan"), [("empty", EMPTY), ("migration", MIGRATION), ("everything", EVERYTHING)], ids=str
)
def test_a_plan_reads_as_its_golden_file(golden: Golden, name: str, plan: Plan) -> None:
    golden(f"plan_{name}.txt", plan_text(plan, PARIS))


def test_every_detail_can_be_asked_for(golden: Golden) -> None:
    golden("plan_migration_full.txt", plan_text(MIGRATION, PARIS, Detail.EVERYTHING))


@pytest.mark.parametrize("plan", [MIGRATION, EVERYTHING])
def test_every_address_of_the_plan_is_listed(plan: Plan) -> None:
    text = said(plan)
    for change in plan.changes:
        assert change.address.key in text
        if change.action is Action.CREATE:
            assert all(alias in text for alias in change.wanted.get("aliases", ()))


def test_deletions_come_before_anything_else() -> None:
    text = said(EVERYTHING)
    first_other = min(text.index(f"{action.value} {action.name.lower()}") for action in (Action.UPDATE, Action.CREATE))
    assert max(text.index(f"- delete  {key}") for key in ("ancien@spf55.org", "contact@spf51.org")) < first_other


def test_what_the_tenant_says_cannot_move_the_cursor_or_turn_the_line_around() -> None:
    text = said(EVERYTHING)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "Anne\\u202e\\x1b[2J" in text


def test_a_sensitive_field_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    mailbox = kinds.KINDS["mailbox"]
    with_secret = {**mailbox.fields, "phone": dataclasses.replace(mailbox.fields["phone"], sensitive=True)}
    monkeypatch.setattr(
        "reconcile.views.plan.change_text.KINDS",
        {**kinds.KINDS, "mailbox": dataclasses.replace(mailbox, fields=with_secret)},
    )
    assert "0329790102" not in said(EVERYTHING)
    assert "0329790102" not in said(MIGRATION, Detail.EVERYTHING)
    assert "0102030405" not in said(EVERYTHING, Detail.EVERYTHING)


def test_ten_thousand_creations_are_said_each() -> None:
    box = [
        new(meuse("mailbox", f"box{number}@spf55.org"), licence="E1", aliases=("a@b.fr",)) for number in range(10000)
    ]
    lines = plan_text(dataclasses.replace(EMPTY, changes=tuple(box)), PARIS)
    assert len(lines) > 20000


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_who_will_tell_a_value_has_a_name_for_every_kind(kind: str) -> None:
    told = value(Reference(Address("spf55", kind, "contact@spf55.org"), "mx"))
    assert told.startswith("(from ")
    assert told.endswith(f", once {kind} contact@spf55.org is done)")


def test_what_an_apply_would_refuse_closes_the_page_with_the_way_out() -> None:
    lines = [line.plain for line in refusals_text(refusals(EVERYTHING, "", Guards(), Permission()))]
    assert lines[1].startswith("REFUSED: ")
    assert lines[2].startswith("  GRD01 The plan deletes 1 resource")
    assert "--allow-delete" in lines[3]
    assert refusals_text(refusals(EVERYTHING, "", Guards(), Permission(delete=True))) == []
