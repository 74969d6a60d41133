"""What a plan says of the cost of licences: of which federations, and read back from a plan file."""

from __future__ import annotations

import dataclasses
import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.views.sample_plans import EVERYTHING, MIGRATION, altered, cost, meuse

from reconcile.config.cost import cost_of_licences
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.planning.costs import FederationCost, as_object, concerned, from_object
from reconcile.planning.plan.plan import Cause, FieldChange, licensed
from reconcile.planning.plan.targets import restrict


@given(
    st.integers(0, 900),
    st.integers(0, 900),
    st.sampled_from(["ceil", "floor", "exact"]),
    st.decimals("0", "99.99", places=2),
)
def test_a_cost_survives_a_plan_file(e1: int, e3: int, rounding: str, told: Decimal) -> None:
    licences = cost_of_licences(e1, e3, Prices(rounding=rounding), MIGRATION.costs[0].cost.on)  # type: ignore[arg-type]
    one = FederationCost("spf55", licences, told)
    assert from_object(json.loads(json.dumps(as_object(one)))) == one


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("surcharge_monthly", "1e999999999"),
        ("e3_share", "1e-999999999"),
        ("allowed", "1/0"),
        ("told_monthly", "NaN"),
        ("rounding", "up"),
        ("on", "yesterday"),
    ],
)
def test_what_no_plan_holds_is_not_read(key: str, value: str) -> None:
    with pytest.raises(ValueError, match=re.escape(value)):
        from_object({**as_object(cost("spf55", 1, 2)), key: value})


def test_a_surcharge_is_untold_until_at_least_its_sum_was_announced() -> None:
    said = [cost("spf55", 0, 4, told).untold for told in (None, "0.00", "10.95", "10.96", "20.00")]
    assert [(cost("spf55", 2, 1).untold), *said] == [False, True, True, True, False, False]


def test_only_federations_in_which_licences_change_are_concerned() -> None:
    phone = altered(meuse("mailbox", "a@spf55.org"), FieldChange("phone", "", "0329790102", Cause.YAML))
    licence = altered(meuse("mailbox", "a@spf55.org"), FieldChange("licence", "E1", "E3", Cause.YAML))
    costs = (cost("spf51", 1, 1), cost("spf55", 1, 1))
    assert concerned(costs, licensed([phone])) == ()
    assert [one.federation for one in concerned(costs, licensed([phone, licence]))] == ["spf55"]


def test_a_plan_of_some_targets_says_what_these_cost() -> None:
    assert [one.federation for one in restrict(EVERYTHING, ["spf55/mailbox/*"]).costs] == ["spf55"]
    assert restrict(EVERYTHING, ["*/dns/*"]).costs == ()
    assert dataclasses.replace(MIGRATION).costs == restrict(MIGRATION, []).costs
