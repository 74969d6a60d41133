"""``reconcile dns`` as a postmaster types it, on the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.stage import Stage


@pytest.fixture(scope="module")
def switched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A federation whose DNS was switched."""
    folder: Path = tmp_path_factory.mktemp("switched")
    stage = Stage.small(folder)
    stage.run("sandbox", "up", expect=0)
    try:
        stage.run("apply", "--yes", expect=0)
        yield stage
    finally:
        stage.run("sandbox", "down")


def test_a_switch_is_taken_back_record_by_record_then_whole(switched: Stage) -> None:
    refused = switched.run("dns", "undo", "spf55", expect=5)
    assert "GRD03" in refused.err
    only = switched.run("dns", "undo", "spf55", "--only", "*/MX", "--yes", expect=0)
    assert "+ 10 mx1.mutualise.example." in only.out
    assert "1 taken back, 0 left" in only.out
    plan = switched.run("plan", "--detailed-exitcode", expect=2)
    assert "mx1.mutualise.example" in plan.out
    assert "0 left as they are" in switched.run("dns", "undo", "55", "--yes", expect=0).out
    assert "Nothing to take back" in switched.run("dns", "undo", "spf55", "--yes", expect=0).out
    switched.run("apply", "--yes", expect=0)
    switched.run("plan", "--detailed-exitcode", expect=0)


def test_a_federation_nobody_knows_is_said(switched: Stage) -> None:
    assert "CFG04" in switched.run("dns", "undo", "spf99", "--yes", expect=3).err


def test_a_check_tells_the_federation_from_everywhere(switched: Stage) -> None:
    seen = switched.run("dns", "check", "spf55", expect=0)
    assert "fine    spf        The SPF record is sound: 2 of 10 lookups." in seen.out
    assert "spf55.org MX: current on ns1.mutualise.example (127.0.0.1), 127.0.0.1:" in seen.out
    document = json.loads(switched.run("dns", "check", "spf55", "--json", expect=0).out)
    assert {one["state"] for one in document["servers"]} == {"current"}
    assert document["clean_in_seconds"] == 0
