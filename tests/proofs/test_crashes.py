"""A killed apply, at every boundary of its bookkeeping and at random moments: the next one leaves the world, the state
and the list of copies exactly as a run that nobody killed. Nothing twice, nothing lost, nothing else touched.
"""

from __future__ import annotations

import collections
import dataclasses
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.proofs.dying import POINTS, SAVES
from tests.proofs.outside import Outside, alike
from tests.proofs.project import Forks, Project
from tests.proofs.story import ARRIVAL, CHANGES, LASTING, ZONES

APPLY = ("apply", "--yes", "--allow-delete")
#: Runs a project's apply until something kills it; whether it was killed.
Killing = Callable[[Project], bool]


@dataclasses.dataclass(frozen=True)
class Ending:
    """What an act leaves: the world, the fields of the state's records, the copies."""

    content: dict[str, dict[str, Any]]
    recorded: dict[str, Any]
    copies: list[tuple[str, ...]]

    @classmethod
    def of(cls, project: Project) -> Ending:
        return cls(alike(project.outside.content()), project.records("spf55"), project.copies())

    def against(self, other: Ending) -> collections.Counter[str]:
        """How many objects are here and not there, there and not here, or in both and unlike, by kind."""
        found: collections.Counter[str] = collections.Counter()
        mine, theirs = self._all(), other._all()
        for kind in mine:
            found[f"{kind} twice"] += len(mine[kind].keys() - theirs[kind].keys())
            found[f"{kind} lost"] += len(theirs[kind].keys() - mine[kind].keys())
            found[f"{kind} unlike"] += sum(mine[kind][k] != theirs[kind][k] for k in mine[kind].keys() & theirs[kind])
        return +found

    def _all(self) -> dict[str, dict[str, Any]]:
        copies = {row[0]: row[1:] for row in self.copies}
        assert len(copies) == len(self.copies)
        return {**self.content, "recorded": self.recorded, "copies": copies}


@dataclasses.dataclass(frozen=True)
class Rehearsal:
    """The two acts without any accident: how each ends, how many lines and seconds its run takes."""

    endings: tuple[Ending, Ending]
    lines: tuple[int, int]
    seconds: tuple[float, float]


@pytest.fixture(scope="session")
def rehearsal(forks: Forks, tmp_path_factory: pytest.TempPathFactory) -> Rehearsal:
    folder = tmp_path_factory.mktemp("rehearsal")
    endings, lines, seconds = [], [], []
    with Outside(folder, ZONES) as outside:
        project = Project.before(outside, forks)
        for text in (ARRIVAL, CHANGES):
            project.write("spf55", text)
            began = time.monotonic()
            project.run(*APPLY)
            seconds.append(time.monotonic() - began)
            lines.append(len(project.journals()[-1].read_bytes().splitlines()))
            project.run("plan", "--detailed-exitcode")
            endings.append(Ending.of(project))
    assert endings[0].content != endings[1].content
    return Rehearsal((endings[0], endings[1]), (lines[0], lines[1]), (seconds[0], seconds[1]))


def play(forks: Forks, rehearsal: Rehearsal, killings: tuple[Killing, Killing], *, at_once: bool = False) -> int:
    """Both acts in a new world, each killed once and run again an hour later; how many runs were killed in fact.

    ``at_once``: somebody is impatient and runs it again first while the tenant has not made up its mind yet, so that
    some of it may be unknown.
    """
    killed = 0
    with tempfile.TemporaryDirectory() as folder, Outside(Path(folder), ZONES) as outside:
        project = Project.before(outside, forks)
        before: dict[str, str] = {}
        for act, text in enumerate((ARRIVAL, CHANGES)):
            project.write("spf55", text)
            killed += killings[act](project)
            if at_once:
                project.run(*APPLY, expect=None)
            outside.wait(3600)
            project.run(*APPLY)
            project.run("plan", "--detailed-exitcode")
            project.run("drift")
            wrong = Ending.of(project).against(rehearsal.endings[act])
            assert not wrong, (act, wrong, Ending.of(project))
            holders = outside.addresses()
            assert len(holders) == len(set(holders))
            for former, latter in LASTING.items() if before else ():
                assert outside.guids()[latter] == before[former], f"{latter} is not the mailbox that {former} was"
            before = outside.guids()
    return killed


def at(number: int, point: str) -> Killing:
    """Death at a boundary."""

    def kill(project: Project) -> bool:
        code, said = project.attempt(*APPLY, kill={"number": number, "point": point})
        assert "BUG01" not in said, said
        assert point not in SAVES or code not in (0, 1), f"it did not die at its save: {code}\n{said}"
        return True

    return kill


def within(seconds: float, chance: random.Random) -> Killing:
    """Death at any moment of a run that takes so long."""
    return lambda project: project.run_and_kill(*APPLY, after=chance.uniform(0, seconds))


def boundaries(rehearsal: Rehearsal) -> Iterator[tuple[int, str]]:
    for number in range(max(rehearsal.lines)):
        for point in POINTS:
            yield number, point
    for point in SAVES:
        yield 0, point


def test_a_run_killed_at_some_boundaries_is_completed_by_the_next(forks: Forks, rehearsal: Rehearsal) -> None:
    everywhere = list(boundaries(rehearsal))
    # All the points among them, and one of the saves.
    for number, point in [*everywhere[4::40], everywhere[-2]]:
        play(forks, rehearsal, (at(number, point), at(number, point)))


def test_a_run_killed_at_a_random_moment_is_completed_by_the_next(forks: Forks, rehearsal: Rehearsal) -> None:
    chance = random.Random(55)  # noqa: S311
    play(forks, rehearsal, (within(rehearsal.seconds[0], chance), within(rehearsal.seconds[1], chance)))


@pytest.mark.soak
def test_a_run_killed_at_every_boundary_is_completed_by_the_next(
    forks: Forks, rehearsal: Rehearsal, tell: Callable[[str], None]
) -> None:
    counts: collections.Counter[str] = collections.Counter()
    for number, point in boundaries(rehearsal):
        play(forks, rehearsal, (at(number, point), at(number, point)), at_once=bool(number % 2))
        counts[point] += sum(number < lines or point in SAVES for lines in rehearsal.lines)
    told = ", ".join(f"{count} {point}" for point, count in counts.items())
    tell(f"crash matrix: {counts.total()} kills at boundaries ({told}): 0 twice, 0 lost, 0 unlike; state equals world")


@pytest.mark.soak
def test_a_run_killed_at_two_hundred_random_moments_is_completed_by_the_next(
    forks: Forks, rehearsal: Rehearsal, tell: Callable[[str], None]
) -> None:
    chance = random.Random(200)  # noqa: S311
    killed = 0
    while killed < 200:
        killings = (within(rehearsal.seconds[0], chance), within(rehearsal.seconds[1], chance))
        killed += play(forks, rehearsal, killings, at_once=chance.random() < 0.5)
    tell(f"crash matrix: {killed} kills at random moments: 0 twice, 0 lost, 0 unlike; state equals world")
