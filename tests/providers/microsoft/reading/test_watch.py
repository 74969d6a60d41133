"""Many who wait for the tenant look at it together."""

from __future__ import annotations

import json
from pathlib import Path

from tests.providers.microsoft.world import SLUG, Build, World

from reconcile.applying.crew import Crew
from reconcile.providers.base import Order
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value
from reconcile.steps import Steps

PEOPLE = 48


def creating(world: World, number: int) -> Steps[Live]:
    key = f"benevole{number}@spf55.org"
    fields: dict[str, Value] = {
        "licence": "E1",
        "display_name": f"Bénévole {number}",
        "aliases": (f"b{number}@spf55.org",),
        "usage_location": "FR",
    }
    return world.provider.in_steps.create(Order(Address(SLUG, "mailbox", key), None, fields, frozenset(fields)))


def requests_sent(record: Path) -> int:
    (har,) = record.glob("*.har")
    return len(json.loads(har.read_text())["log"]["entries"])


def test_a_federation_created_at_once_costs_the_tenant_few_requests(build: Build, tmp_path: Path) -> None:
    """Three writes a mailbox (account, licence, alias); the rest is looked at together."""
    record = tmp_path / "har"
    world = build(record=record)
    world.add_domain()
    with Crew(world.clock) as crew:
        ends = [crew.start("mailbox", creating(world, number)) for number in range(PEOPLE)]
        made = [end.result() for end in ends]
    assert len({live.identity for live in made}) == PEOPLE
    world.stop()
    assert requests_sent(record) < 6 * PEOPLE
