"""What every test may use: the tenant's behaviour asked for, and lines to be read at the very end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.postgresql import Cluster, postgresql

_TOLD: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tenant",
        choices=("calm", "realistic", "hostile"),
        default="calm",
        help="the behaviour of the sandbox's tenant in tests/scenarios",
    )


@pytest.fixture(scope="session")
def tell() -> Callable[[str], None]:
    """Counts and seeds to be read at the very end of the session."""
    return _TOLD.append


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL for every test that does not shake it: each takes a database of its own."""
    with postgresql() as server:
        yield server


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its lines to the process that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["told"] = _TOLD


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _TOLD.extend(getattr(node, "workeroutput", {}).get("told", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _TOLD:
        terminalreporter.write_line(line)
