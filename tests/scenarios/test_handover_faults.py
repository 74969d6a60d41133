"""A handover by command that is killed anywhere, or whose disk is full: mail is never refused, and no row is lost."""

from __future__ import annotations

import datetime as dt
import json
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.proofs.dying import FULL, HANDOVERS, POINTS, half_written
from tests.scenarios.handover import name_the_way
from tests.scenarios.stage import ROOT, Stage
from tests.scenarios.test_relay import DOMAIN, Town

HANDOVER = f"spf55/handover/{DOMAIN}"
NEIGHBOUR = "canari@spf88.org"


class OldHost:
    """The tables of its Postfix, and what the state keeps of them."""

    def __init__(self, town: Town) -> None:
        self.stage = town.stage
        self.tables = name_the_way(town.stage, town.note["runtime"], NEIGHBOUR)
        self.before = self.now()

    def now(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in self.tables.iterdir() if not file.name.startswith(".")}

    def lines(self, name: str) -> list[str]:
        return (self.tables / name).read_text(encoding="utf-8").splitlines()

    def kept(self) -> list[str]:
        """The rows that are in the tables no more and can be put back."""
        files = (self.stage.folder / "spfstate" / "handovers").rglob("*.json")
        return [row["text"].strip() for file in files for row in json.loads(file.read_bytes())["taken"]]

    def check(self) -> None:
        """Whoever writes is not refused, and each row is in its table, or kept, or both."""
        domains = [line.split()[0] for name in ("virtual_domains", "relay_domains") for line in self.lines(name)]
        assert DOMAIN in domains, "it refuses the domain's mail"
        there = self.lines("virtual_aliases") + self.lines("virtual_domains")
        for line in (
            b"".join(self.before[name] for name in ("virtual_aliases", "virtual_domains")).decode().splitlines()
        ):
            assert line in there or line in self.kept(), line


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    """A federation whose domain is to become authoritative now, and then to be sent on by its old host."""
    stage = Stage.small(tmp_path)
    other = stage.folder / "federations" / "spf88.yaml"
    other.write_bytes((ROOT / "federations" / "spf88.yaml").read_bytes())
    stage.run("sandbox", "up", "--postfix", expect=0)
    try:
        other.unlink()
        town = Town(stage)
        for days in (-20, -7, -1):
            if days > -20:
                town.come(days)
            stage.run("apply", "--yes")
        town.come(1)
        yield town
    finally:
        stage.run("sandbox", "down")


def postpone(town: Town) -> None:
    later = town.day + dt.timedelta(days=28)
    town.stage.edit("spf55", f"date: {town.day.isoformat()}", f"date: {later.isoformat()}")
    town.stage.add_batch(later)


def killed_until_done(old: OldHost, deaths: Sequence[tuple[int, str]]) -> int:
    """Apply, killed at each of these in turn until one run ends by itself; how often it was killed."""
    for killed, (number, point) in enumerate(deaths):
        if old.stage.dying(number, point, "apply", "--yes").code != -signal.SIGKILL:
            return killed
        old.check()
    raise AssertionError("it comes no further")


def test_killed_around_any_write_it_is_handed_over_and_comes_back_exactly(town: Town) -> None:
    old, stage = OldHost(town), town.stage
    around = [(number, point) for number in range(20) for point in HANDOVERS]
    assert killed_until_done(old, around) >= 6, "what is kept, the tables and the reload"
    assert HANDOVER in stage.run("state", "list").out
    assert DOMAIN not in "".join(old.lines("virtual_domains") + old.lines("virtual_aliases"))
    postpone(town)
    assert killed_until_done(old, around) >= 4, "the tables, the reload and what is forgotten"
    assert HANDOVER not in stage.run("state", "list").out
    assert old.now() == old.before
    assert old.kept() == []
    assert town.exchanger().startswith("mx1.mutualise"), "nothing was undone before"


def test_killed_at_any_line_of_its_journal_it_is_handed_over_and_comes_back_exactly(town: Town) -> None:
    old, stage = OldHost(town), town.stage
    # After two lines of the run itself, two or three intents stand before the first outcome: some runs get further.
    lines = [(2 + turn % 4, POINTS[turn // 4 % len(POINTS)]) for turn in range(40)]
    assert killed_until_done(old, lines) >= 3
    assert HANDOVER in stage.run("state", "list").out
    postpone(town)
    assert killed_until_done(old, lines) >= 6
    assert HANDOVER not in stage.run("state", "list").out
    assert old.now() == old.before


def test_with_a_full_disk_at_any_file_nothing_is_half_done(town: Town) -> None:
    old, stage = OldHost(town), town.stage
    for over in (True, False):
        said = ""
        for number in range(40):
            ended = stage.dying(number, FULL, "apply", "--yes")
            old.check()
            assert half_written(old.tables) == []
            said += ended.said
            if ended.code == 0:
                break
        assert ended.code == 0, ended.said
        assert "STA01" in said
        assert "No space left on device" in said
        if over:
            assert HANDOVER in stage.run("state", "list").out
            postpone(town)
    assert HANDOVER not in stage.run("state", "list").out
    assert old.now() == old.before
