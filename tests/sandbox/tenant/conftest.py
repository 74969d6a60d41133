"""A tenant on loopback, with the DNS and the mail host it speaks to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.sandbox.tenant.client import Boxes, Client, Zones

from reconcile.sandbox.tenant.server import TenantServer


@pytest.fixture
def zones() -> Zones:
    return Zones()


@pytest.fixture
def boxes() -> Boxes:
    return Boxes()


@pytest.fixture
def server(tmp_path: Path, zones: Zones, boxes: Boxes) -> Iterator[TenantServer]:
    server = TenantServer(tmp_path / "tenant", resolve=zones.resolve, mailboxes=boxes, record=tmp_path / "har")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def client(server: TenantServer) -> Client:
    return Client(server)
