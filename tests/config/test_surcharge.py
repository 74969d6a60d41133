"""What E3 licences above the share cost, under each rounding, and what the settings refuse of batches and prices."""

from decimal import Decimal
from pathlib import Path

import pytest

from reconcile.config.federation.models import FederationFile
from reconcile.config.settings.load import load_settings
from reconcile.config.settings.tables.batches import Prices
from reconcile.config.surcharge import surcharge
from reconcile.problem import Problem

ROOT = Path(__file__).resolve().parents[2]


def federation(e1: int, e3: int) -> FederationFile:
    people = ["E1"] * e1 + ["E3"] * e3
    boxes = {f"p{number}@spf55.org": {"licence": licence} for number, licence in enumerate(people)}
    boxes["contact@spf55.org"] = {"licence": "shared"}
    return FederationFile.model_validate({"code": "55", "name": "Meuse", "domain": "spf55.org", "mailboxes": boxes})


@pytest.mark.parametrize(
    ("e1", "e3", "rounding", "monthly"),
    [
        (3, 2, "ceil", "0.00"),
        (3, 2, "floor", "5.48"),
        (3, 2, "exact", "1.83"),
        (2, 1, "floor", "0.00"),
        (0, 50, "ceil", "180.84"),
        (0, 1, "ceil", "0.00"),
        (0, 0, "exact", "0.00"),
    ],
)
def test_licences_above_a_third_cost_the_difference(e1: int, e3: int, rounding: str, monthly: str) -> None:
    cost = surcharge(federation(e1, e3), Prices(rounding=rounding))  # type: ignore[arg-type]
    assert (cost.e1, cost.e3, cost.monthly, cost.yearly) == (e1, e3, Decimal(monthly), Decimal(monthly) * 12)


def test_an_e3_cheaper_than_an_e1_is_no_gift() -> None:
    assert surcharge(federation(0, 9), Prices(E1=Decimal(9))).monthly == 0


def test_the_page_s_four_dates_and_prices_are_the_example() -> None:
    settings = load_settings([ROOT / "reconcile.toml"])
    assert [(one.date.isoformat(), one.least, one.most, one.open) for one in settings.batches] == [
        ("2025-01-20", 20, 40, True),
        ("2025-03-03", 20, 40, True),
        ("2025-04-07", 20, 40, True),
        ("2025-05-19", 20, 40, True),
    ]
    assert {one.date.strftime("%A") for one in settings.batches} == {"Monday"}
    assert [str(price) for price in (settings.prices.E1, settings.prices.E3)] == ["2.76", "8.24"]


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ("[[batches]]\ndate = 2025-01-20\n[[batches]]\ndate = 2025-01-20\n", "two batches are on 2025-01-20"),
        ("[[batches]]\ndate = 2025-01-20\nleast = 50\n", "40 at most and 50 at least"),
        ("[[batches]]\ndate = 'lundi'\n", "batches.0.date"),
        ("[[batches]]\ndate = 2025-01-20\nmaximum = 3\n", "no such key"),
        ("[prices]\nE1 = -1\n", "prices.E1"),
        ("[prices]\ne3_share = '4/3'\n", "no share between 0 and 1"),
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
