"""What every test may use: the tenant's manners asked for, and lines to be read at the very end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_TOLD: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tenant",
        choices=("calm", "realistic", "hostile"),
        default="calm",
        help="the manners of the sandbox's tenant in tests/scenarios",
    )


@pytest.fixture(scope="session")
def tell() -> Callable[[str], None]:
    """Counts and seeds to be read at the very end of the session."""
    return _TOLD.append


def pytest_unconfigure(config: pytest.Config) -> None:
    for line in _TOLD:
        config.get_terminal_writer().line(line)
