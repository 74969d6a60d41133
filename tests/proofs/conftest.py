"""What every proof needs: the forking process, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from tests.proofs.project import Forks


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    made = Forks()
    yield made
    made.close()


_TOLD: list[str] = []


@pytest.fixture(scope="session")
def tell() -> Callable[[str], None]:
    """Counts to be read at the very end of the session."""
    return _TOLD.append


def pytest_unconfigure(config: pytest.Config) -> None:
    for line in _TOLD:
        config.get_terminal_writer().line(line)
