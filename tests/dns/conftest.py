"""The servers every contract test runs against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.dns.servers import Bind, Embedded, Knot, Server, running
from tests.dns.world import ORDINARY, World, zone_on

_KINDS = {"knot": Knot, "bind": Bind, "embedded": Embedded}


@pytest.fixture(scope="session", params=list(_KINDS))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(_KINDS[request.param], tmp_path_factory.mktemp(request.param)) as process:
        yield process


@pytest.fixture
def world(server: Server) -> World:
    """A fresh ordinary zone."""
    return zone_on(server, ORDINARY)
