"""Stages with a running sandbox; each is torn down whatever happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.postgresql import Cluster
from tests.scenarios import repository as repositories
from tests.scenarios.repository import Repository
from tests.scenarios.stage import SMALL, Stage
from tests.scenarios.test_relay import Town


@pytest.fixture
def stage(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Stage]:
    """One small federation and its world."""
    yield from _up(Stage.small(tmp_path), pytestconfig)


@pytest.fixture(scope="session")
def _standing(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[Stage]:
    yield from _up(Stage.small(tmp_path_factory.mktemp("standing")), pytestconfig)


@pytest.fixture
def refusing_stage(_standing: Stage) -> Iterator[Stage]:
    """The small federation's world, shared by tests in which nothing may be applied; its file is put back each time."""
    yield _standing
    assert _standing.journals() == [], "something was applied"
    _standing.write("spf55", SMALL)


@pytest.fixture
def three_federations(tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Stage]:
    """The repository's own examples and their world."""
    for stage in _up(Stage.examples(tmp_path), pytestconfig):
        stage.run("rehearse", expect=0)
        stage.decide()
        yield stage


@pytest.fixture
def switched_town(tmp_path: Path) -> Iterator[Town]:
    """A small federation whose mail was switched and copied, and a message in a new mailbox, arrived since."""
    yield from _switched(Stage.small(tmp_path), lambda town: None)


@pytest.fixture
def town_of_long_memory(tmp_path: Path) -> Iterator[Town]:
    """The same, whose MX lived ten days before it was prepared for the switch."""
    yield from _switched(Stage.small(tmp_path), lambda town: town.have_its_mx_live(10))


def _switched(stage: Stage, first: Callable[[Town], None]) -> Iterator[Town]:
    stage.run("sandbox", "up", "--postfix", expect=0)
    try:
        town = Town(stage)
        first(town)
        for days in (-20, -7, -1):
            if days > -20:
                town.come(days)
            stage.run("apply", "--yes")
        assert town.exchanger().endswith("mx.microsoft.")
        stage.run("copy", "work", expect=0)
        assert town.write("contact@spf55.org", "arrivee") == ""
        yield town
    finally:
        stage.run("sandbox", "down")


@pytest.fixture
def repository(stage: Stage, cluster: Cluster) -> Iterator[Repository]:
    """The small federation's mailboxes repository, at a forge."""
    with repositories.opened(stage, cluster) as found:
        yield found


def _up(stage: Stage, config: pytest.Config) -> Iterator[Stage]:
    stage.run("sandbox", "up", "--record", "har", "--tenant", config.getoption("--tenant"), expect=0)
    try:
        yield stage
    finally:
        stage.run("sandbox", "down")
