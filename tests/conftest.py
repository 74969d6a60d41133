"""What every test may use: the tenant's behaviour asked for, and lines to be read at the very end."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from rich.text import Text
from tests.postgresql import Cluster, postgresql

#: Fixtures that start a server, which is also what a parameter is called that asks for one of them.
_STORES = ("s3", "s3_address", "azure", "azurite_address", "google", "google_address", "gitlab", "gitlab_address")
_SERVERS = frozenset((*_STORES, "postgres", "cluster", "machines"))
_TOLD: list[str] = []

# No test depends on how busy the machine is. The suite draws the same examples each time, so that a red run is about
# the change under test; --hypothesis-profile explore draws others, and keeps what it finds in .hypothesis.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
# Hypothesis also draws the literals of whatever local modules are imported by then: with those, one test alone, one
# worker of several and the whole suite would each draw other examples, derandomize or not.
_NO_LITERALS = Constants()
providers._get_local_constants = lambda: _NO_LITERALS
_GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tenant",
        choices=("calm", "realistic", "hostile"),
        default="calm",
        help="the behaviour of the sandbox's tenant in tests/scenarios",
    )
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew (make golden)")
    parser.addoption("--fast", action="store_true", help="leave out the tests that start a server (make test-fast)")
    for side in ("old", "new"):
        parser.addoption(f"--{side}-dovecot", type=Path, help=f"another Dovecot for the {side} mail hosts")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--fast"):
        config.hook.pytest_deselected(items=[item for item in items if _asks_for_a_server(item)])
        items[:] = [item for item in items if not _asks_for_a_server(item)]


def _asks_for_a_server(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    words = [one for one in call.params.values() if isinstance(one, str)] if call else []
    return not _SERVERS.isdisjoint([*getattr(item, "fixturenames", ()), *words])


@pytest.fixture(scope="session", autouse=True)
def _no_server(pytestconfig: pytest.Config) -> Iterator[None]:
    """With ``--fast``, nothing listens."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("with --fast no test starts a server: name the fixture that does in tests/conftest.py")

    with pytest.MonkeyPatch.context() as patch:
        if pytestconfig.getoption("--fast"):
            patch.setattr(socket.socket, "listen", refuse)
        yield


@pytest.fixture(scope="session")
def old_dovecot(request: pytest.FixtureRequest) -> Path | None:
    program: Path | None = request.config.getoption("--old-dovecot")
    return program


@pytest.fixture(scope="session")
def new_dovecot(request: pytest.FixtureRequest) -> Path | None:
    program: Path | None = request.config.getoption("--new-dovecot")
    return program


@pytest.fixture(scope="session")
def tell() -> Callable[[str], None]:
    """Counts and seeds to be read at the very end of the session."""
    return _TOLD.append


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, Iterable[Text | str]], None]:
    """Compares lines, without colour, with a file of tests/golden."""

    def compare(name: str, lines: Iterable[Text | str]) -> None:
        path = _GOLDEN / name
        said = "".join((line if isinstance(line, str) else line.plain).rstrip() + "\n" for line in lines)
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(said, encoding="utf-8")
        assert path.exists(), "it has no golden file yet: make golden, and review it"
        assert said == path.read_text(encoding="utf-8"), "if it should say so: make golden, and review the difference"

    return compare


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
