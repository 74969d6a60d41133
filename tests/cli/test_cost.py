"""``reconcile cost`` from the files and reconcile.toml alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.scenarios.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage.examples(tmp_path)


def more_e3(stage: Stage) -> None:
    """The Meuse takes an E3 for five people who had an E1: eight of eleven, where four are allowed."""
    for who in ("jerome.lefevre", "francoise.noel", "mehdi.benali"):
        stage.edit("spf55", f"  {who}@spf55.org:\n    licence: E1", f"  {who}@spf55.org:\n    licence: E3")


def test_each_federation_has_its_row_and_the_network_its_sum(stage: Stage) -> None:
    more_e3(stage)
    said = stage.run("--live", "cost", "--as-of", "2025-01-10", expect=0).out
    rows = {line.split()[0]: line for line in said.splitlines() if line.startswith("spf")}
    assert set(rows) == {"spf55", "spf88", "spf971"}
    assert "2025-01-20" in rows["spf55"]
    assert "10.96 €" in rows["spf55"]
    assert "131.52 €" in rows["spf55"]
    assert "which is too little" in rows["spf55"]
    assert "12 E3 of 30 licences, 10 E3 allowed (1/3, rounded up): 2 E3 beyond it" in said


def test_a_date_names_its_federations_and_programs_get_the_same_numbers(stage: Stage) -> None:
    more_e3(stage)
    document = json.loads(stage.run("--live", "cost", "2025-01-20", "--json", expect=0).out)
    assert [one["federation"] for one in document["federations"]] == ["spf55", "spf88"]
    assert document["federations"][0]["surcharge_yearly"] == "131.52"
    assert document["network"]["surcharges_monthly"] == "10.96"
    assert document["network"]["keeps_to_the_share"] is False
    alone = json.loads(stage.run("--live", "cost", "88", "--json", expect=0).out)
    assert alone["network"]["keeps_to_the_share"] is True


def test_a_federation_is_told_the_prices_of_its_date_and_of_today_once_that_has_come(stage: Stage) -> None:
    stage.settings(
        'rounding = "ceil"', 'rounding = "floor"\n[[prices.changes]]\nvalid_from = 2025-02-01\nE1 = "3"\nE3 = "9.50"'
    )
    before, after = (
        json.loads(stage.run("--live", "cost", "55", "88", "--json", "--as-of", day, expect=0).out)["federations"]
        for day in ("2025-01-10", "2025-02-10")
    )
    assert [(one["on"], one["e3_price"]) for one in before] == [("2025-01-20", "8.24")] * 2
    assert [(one["on"], one["e3_price"]) for one in after] == [("2025-02-10", "9.50")] * 2
    assert "rounded down" in stage.run("--live", "cost", expect=0).out


def test_an_invalid_file_is_left_out_and_named_and_is_an_error_alone(stage: Stage) -> None:
    stage.edit("spf88", "licence: E1", "licence: E9")
    ended = stage.run("--live", "cost", expect=0)
    assert "federations/spf88.yaml is not valid" in ended.err
    assert "2 federations" in ended.out
    assert "SPF105" in stage.run("--live", "cost", "88", expect=3).err
    assert "CFG04" in stage.run("--live", "cost", "2025-01-21", expect=3).err


def test_a_surcharge_nobody_was_told_is_shown_although_the_file_is_not_valid_for_it(stage: Stage) -> None:
    """SPF509 refuses the confirmation; what to tell is what this command is asked for."""
    stage.edit("spf55", '  surcharge_told: {date: 2025-01-14, monthly: "0.00"}\n', "")
    more_e3(stage)
    assert "SPF509" in stage.run("--live", "validate", "55", expect=3).out
    assert "nobody was told yet" in stage.run("--live", "cost", "55", expect=0).out
