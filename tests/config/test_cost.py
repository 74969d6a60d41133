"""What licences cost, and those above the share, under each rounding and at each day's prices; and what the settings
refuse of batches and prices."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.config.cost import billed_from, cost_of, cost_of_licences, together
from reconcile.config.federation.models import FederationFile
from reconcile.config.settings.load import load_settings
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.problem import Problem

ROOT = Path(__file__).resolve().parents[2]
J = dt.date(2025, 1, 20)


def federation(e1: int, e3: int, date: dt.date | None = J) -> FederationFile:
    people = ["E1"] * e1 + ["E3"] * e3
    boxes = {f"p{number}@spf55.org": {"licence": licence, "aliases": []} for number, licence in enumerate(people)}
    boxes["contact@spf55.org"] = {"licence": "shared", "aliases": ["info@spf55.org"]}
    written = {"code": "55", "name": "Meuse", "domain": "spf55.org", "mailboxes": boxes, "migration": {"date": date}}
    return FederationFile.model_validate(written)


@pytest.mark.parametrize(
    ("e1", "e3", "rounding", "allowed", "monthly"),
    [
        (3, 2, "ceil", "2", "0.00"),
        (3, 2, "floor", "1", "5.48"),
        (3, 2, "exact", "5/3", "1.83"),
        (2, 1, "floor", "1", "0.00"),
        (0, 50, "ceil", "17", "180.84"),
        (0, 1, "ceil", "1", "0.00"),
        (0, 0, "exact", "0", "0.00"),
    ],
)
def test_licences_above_a_third_cost_the_difference(
    e1: int, e3: int, rounding: str, allowed: str, monthly: str
) -> None:
    cost = cost_of(federation(e1, e3), Prices(rounding=rounding), J)  # type: ignore[arg-type]
    assert (cost.e1, cost.e3, cost.allowed) == (e1, e3, Fraction(allowed))
    assert (cost.surcharge_monthly, cost.surcharge_yearly) == (Decimal(monthly), Decimal(monthly) * 12)


def test_all_licences_cost_their_price_whoever_pays() -> None:
    cost = cost_of(federation(8, 4), Prices(), J)
    assert (cost.licences, cost.licences_monthly, cost.licences_yearly) == (12, Decimal("55.04"), Decimal("660.48"))


def test_an_e3_cheaper_than_an_e1_is_no_gift() -> None:
    assert cost_of(federation(0, 9), Prices(E1=Decimal(9)), J).surcharge_monthly == 0


def test_the_network_may_keep_to_the_share_while_one_federation_does_not() -> None:
    prices = Prices()
    many, few = cost_of_licences(0, 6, prices, J), cost_of_licences(12, 0, prices, J)
    whole = together([many, few], prices, J)
    assert (many.surcharge_monthly, few.surcharge_monthly) == (Decimal("21.92"), 0)
    assert (whole.e1, whole.e3, whole.allowed, whole.surcharge_monthly) == (12, 6, 6, 0)


def test_prices_hold_from_their_day_on_in_whatever_order_they_are_written() -> None:
    later = {"valid_from": "2026-01-01", "E1": "2.90", "E3": "8.65"}
    prices = Prices.model_validate({"changes": [{**later, "valid_from": "2027-01-01", "E3": 9.1}, later]})
    assert [tuple(map(str, prices.on(dt.date.fromisoformat(day)))) for day in ("2025-12-31", "2026-01-01")] == [
        ("2.76", "8.24"),
        ("2.90", "8.65"),
    ]
    assert prices.on(dt.date.max).e3 == Decimal("9.1")
    assert cost_of(federation(0, 3), prices, dt.date(2026, 7, 1)).surcharge_monthly == Decimal("11.50")


def test_a_federation_is_told_the_prices_of_its_migration_date_until_that_has_come() -> None:
    before, after = dt.date(2025, 1, 5), dt.date(2026, 3, 1)
    assert billed_from(federation(1, 1), before) == J
    assert billed_from(federation(1, 1), after) == after
    assert billed_from(federation(1, 1, None), before) == before


@given(st.integers(0, 400), st.integers(0, 400), st.sampled_from(["ceil", "floor", "exact"]), st.fractions(0, 1))
def test_a_surcharge_is_never_negative_never_above_the_difference_and_ceil_is_the_kindest(
    e1: int, e3: int, rounding: str, share: Fraction
) -> None:
    written = f"{share.numerator % 10**6}/{share.denominator % 10**6 or 1}"
    if Fraction(written) > 1:
        return
    cost = cost_of_licences(e1, e3, Prices(rounding=rounding, e3_share=written), J)  # type: ignore[arg-type]
    kind = cost_of_licences(e1, e3, Prices(e3_share=written), J)  # type: ignore[arg-type]
    assert kind.surcharge_monthly <= cost.surcharge_monthly <= e3 * Decimal("5.48")
    assert cost.surcharge_monthly == cost.surcharge_monthly.quantize(Decimal("0.01")) >= 0
    assert (cost.surcharge_monthly == 0) == (cost.over * Fraction("5.48") < Fraction("0.005"))


def test_the_page_s_four_dates_and_prices_are_the_example() -> None:
    settings = load_settings([ROOT / "reconcile.toml"])
    assert [(one.date.isoformat(), one.least, one.most, one.open) for one in settings.batches] == [
        ("2025-01-20", 20, 40, True),
        ("2025-03-03", 20, 40, True),
        ("2025-04-07", 20, 40, True),
        ("2025-05-19", 20, 40, True),
    ]
    assert {one.date.strftime("%A") for one in settings.batches} == {"Monday"}
    assert [str(price) for price in settings.prices.on(J)] == ["2.76", "8.24"]


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ("[[batches]]\ndate = 2025-01-20\n[[batches]]\ndate = 2025-01-20\n", "two batches are on 2025-01-20"),
        ("[[batches]]\ndate = 2025-01-20\nleast = 50\n", "40 at most and 50 at least"),
        ("[[batches]]\ndate = 'lundi'\n", "batches.0.date"),
        ("[[batches]]\ndate = 2025-01-20\nmaximum = 3\n", "no such key"),
        ("[prices]\nE1 = -1\n", "prices.E1"),
        ("[prices]\ne3_share = '4/3'\n", "no share between 0 and 1"),
        ("[prices]\ne3_share = '1/0'\n", "divides by nothing"),
        ("[prices]\ne3_share = '1e-999999999'\n", "no share, like 1/3"),
        ("[prices]\nE3 = '1e999999'\n", "prices.E3"),
        ("[prices]\nE3 = 'NaN'\n", "prices.E3"),
        ("[[prices.changes]]\nE1 = 1\nE3 = 2\n", "prices.changes.0.valid_from: it is missing"),
        (
            "[[prices.changes]]\nvalid_from = 2026-01-01\nE1 = 1\nE3 = 2\n" * 2,
            "two prices hold from 2026-01-01",
        ),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(table: str, word: str, tmp_path: Path) -> None:
    example = (ROOT / "reconcile.toml").read_text(encoding="utf-8")
    whole = example[: example.index("# What licences cost")] + table
    path = tmp_path / "reconcile.toml"
    path.write_text(whole, encoding="utf-8")
    with pytest.raises(Problem, match="CFG02") as refused:
        load_settings([path])
    assert word in refused.value.message
