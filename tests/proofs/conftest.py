"""What every proof needs: the forking process, once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.proofs.project import Forks


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    made = Forks()
    yield made
    made.close()
