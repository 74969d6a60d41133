"""What the tests of the Microsoft provider share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.providers.microsoft.sleeper import Sleeper
from tests.providers.microsoft.world import Build, World


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """Builds a tenant with the options of one test (delays, seats…)."""
    built: list[World] = []

    def one(**options: Any) -> World:
        built.append(World(tmp_path / f"tenant{len(built)}", **options))
        return built[-1]

    yield one
    for world in built:
        world.stop()


@pytest.fixture
def tenant(build: Build) -> World:
    """A tenant that does not know the federation yet."""
    return build()


@pytest.fixture
def world(tenant: World) -> World:
    """A tenant that takes mail for the federation's domain."""
    tenant.add_domain()
    return tenant
