"""The servers every contract test runs against."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.providers.dns.elsewhere import Elsewhere, elsewhere_in
from tests.providers.dns.servers import Bind, CachingPowerDns, Embedded, Knot, Nsd, PowerDns, Server, running
from tests.providers.dns.world import ORDINARY, World, zone_on


@pytest.fixture(scope="session")
def knot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(Knot, tmp_path_factory.mktemp("knot")) as server:
        yield server


@pytest.fixture(scope="session")
def bind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(Bind, tmp_path_factory.mktemp("bind")) as server:
        yield server


@pytest.fixture(scope="session")
def powerdns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(PowerDns, tmp_path_factory.mktemp("powerdns")) as server:
        yield server


@pytest.fixture(scope="session")
def caching_powerdns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(CachingPowerDns, tmp_path_factory.mktemp("powerdns")) as server:
        yield server


@pytest.fixture
def nsd(tmp_path: Path) -> Iterator[Server]:
    """Where this machine has it: no other test needs it."""
    if shutil.which(Nsd.binary) is None:
        pytest.skip(f"{Nsd.binary} is missing (apt-get install {Nsd.package})")
    folder = tmp_path / "nsd"
    folder.mkdir()
    with running(Nsd, folder) as server:
        yield server


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(Embedded, tmp_path_factory.mktemp("embedded")) as server:
        yield server


@pytest.fixture(params=["knot", "bind", "powerdns", "embedded"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each server in turn."""
    server: Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture(params=["knot", "bind", "powerdns"])
def outside_server(request: pytest.FixtureRequest) -> Server:
    """Each server that is not ours in turn."""
    server: Server = request.getfixturevalue(request.param)
    return server


_KINDS = ["knot", "bind", "powerdns", "caching_powerdns", "embedded", "knot signed", "bind signed", "powerdns signed"]


@pytest.fixture(params=_KINDS)
def world(request: pytest.FixtureRequest) -> World:
    """A fresh ordinary zone on each server in turn, plain and, where the server can, signed."""
    kind, _, signed = request.param.partition(" ")
    return zone_on(request.getfixturevalue(kind), ORDINARY, signed=bool(signed))


@pytest.fixture
def elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Elsewhere]:
    """A sandbox whose settings are reported as live ones, its DNS not said yet."""
    yield from elsewhere_in(tmp_path, monkeypatch, capfd)
