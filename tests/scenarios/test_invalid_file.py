"""A file that is not valid stops its own federation, and no other, in plan, apply and drift."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.stage import SMALL, Stage

SAYS = "spf88 is left out, its file is not valid: federations/spf88.yaml:"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Stage]:
    """The small federation, and a neighbour whose file names a licence that does not exist."""
    stage = Stage.small(tmp_path)
    other = SMALL.replace("    legacy_login: k0412\n", "").replace('"55"', '"88"').replace("spf55", "spf88")
    stage.write("spf88", other)
    stage.run("sandbox", "up", expect=0)
    try:
        stage.edit("spf88", "licence: E3", "licence: E9")
        yield stage
    finally:
        stage.run("sandbox", "down")


def test_the_others_are_planned_and_applied_and_the_first_line_and_the_exit_code_say_so(two: Stage) -> None:
    planned = two.run("plan", expect=3)
    assert planned.out.startswith(SAYS)
    assert "spf88.org" not in planned.out.removeprefix(SAYS)
    shown = json.loads(two.run("plan", "--json", expect=3).out)
    assert [one["federation"] for one in shown["left_out"]] == ["spf88"]
    page = two.run("plan", "--format", "markdown", expect=3).out
    assert f"! {SAYS}" in page
    events = [json.loads(line) for line in two.run("plan", "--format", "events", expect=3).out.splitlines()]
    assert [one for one in events if one["type"] == "diagnostic" and SAYS in one["diagnostic"]["summary"]]

    applied = two.run("apply", "--yes", expect=6)
    assert applied.out.startswith(SAYS)
    assert "Apply incomplete:" in applied.out
    assert SAYS in applied.out.rpartition("spf55 · ")[2]
    two.run("plan", "spf55", "--detailed-exitcode", expect=0)
    two.run("apply", "--yes", expect=3)
    assert SAYS in two.run("drift", expect=1).err

    two.edit("spf88", "licence: E9", "licence: E3")
    assert "spf88" not in two.run("apply", "--yes", expect=0).out.partition("\n")[0].split(" · ")[1:]
    two.run("plan", "--detailed-exitcode", expect=0)


def test_named_alone_it_is_refused_and_named_with_others_it_alone(two: Stage) -> None:
    assert "CFG03" in two.run("plan", "spf88", expect=3).err
    assert "CFG03" in two.run("apply", "--yes", "88", expect=3).err
    assert two.run("plan", "spf55", "spf88", expect=3).out.startswith(SAYS)
    assert two.run("plan", "spf55", expect=0).out.startswith("spf55")


def test_what_was_applied_of_it_before_stays_as_it_is(two: Stage) -> None:
    two.edit("spf88", "licence: E9", "licence: E3")
    two.run("apply", "--yes", expect=0)
    two.edit("spf88", "licence: E3", "licence: E9")
    two.edit("spf55", "licence: E1", "licence: E3")
    two.run("apply", "--yes", "--allow-delete", expect=6)
    assert "spf88/mailbox/contact@spf88.org" in two.run("state", "list", "spf88").out
    two.edit("spf88", "licence: E9", "licence: E3")
    two.run("plan", "--detailed-exitcode", expect=0)
