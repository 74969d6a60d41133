"""Many who wait for the tenant look at it together."""

from __future__ import annotations

import concurrent.futures
import json
from pathlib import Path

from tests.providers.microsoft.world import SLUG, Build, World

from reconcile.providers.base import Order
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value

PEOPLE = 48


def create(world: World, number: int) -> Live:
    key = f"benevole{number}@spf55.org"
    fields: dict[str, Value] = {
        "licence": "E1",
        "display_name": f"Bénévole {number}",
        "aliases": (f"b{number}@spf55.org",),
        "usage_location": "FR",
    }
    return world.provider.writer.create(Order(Address(SLUG, "mailbox", key), None, fields, frozenset(fields)))


def requests_sent(record: Path) -> int:
    (har,) = record.glob("*.har")
    return len(json.loads(har.read_text())["log"]["entries"])


def test_a_federation_created_at_once_costs_the_tenant_few_requests(build: Build, tmp_path: Path) -> None:
    """Three writes a mailbox (account, licence, alias); the rest is looked at together."""
    record = tmp_path / "har"
    world = build(record=record)
    world.add_domain()
    with concurrent.futures.ThreadPoolExecutor(PEOPLE) as pool:
        made = list(pool.map(lambda number: create(world, number), range(PEOPLE)))
    assert len({live.identity for live in made}) == PEOPLE
    world.stop()
    assert requests_sent(record) < 6 * PEOPLE
