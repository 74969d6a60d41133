"""What is as YAML asks already, though the state does not say so."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.applying.memory import Killed, Site, World, mailbox

from reconcile.providers.base import Order
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live


def test_a_record_somebody_made_right_by_hand_is_noted_without_a_write(tmp_path: Path) -> None:
    site = Site(tmp_path, World())
    record = Desired(Address.parse("spf55/dns/spf55.org/MX"), {"values": ("0 new.",)})
    site.world.objects[record.address] = Live(record.address, {"values": ("0 new.",)})
    plan = site.plan([record])
    assert plan.empty
    site.apply(plan)
    assert not site.world.writes
    snapshot = site.store.read("spf55")
    assert snapshot is not None
    assert snapshot.records[record.address].fields == {"values": ("0 new.",)}
    assert not site.plan([record]).unrecorded


def test_a_change_made_by_hand_and_then_in_yaml_is_nothing_to_do_but_to_note(tmp_path: Path) -> None:
    site = Site(tmp_path, World())
    site.apply(site.plan([mailbox("lou@spf55.org")]))
    address = Address.parse("spf55/mailbox/lou@spf55.org")
    live = site.world.objects[address]
    site.world.objects[address] = Live(address, {**live.fields, "licence": "E3"}, live.identity)
    plan = site.plan([mailbox("lou@spf55.org", licence="E3")])
    assert plan.empty
    site.apply(plan)
    site.world.objects[address] = live
    drifted = site.plan([mailbox("lou@spf55.org", licence="E3")])
    assert [change.cause.value for change in drifted.changes] == ["drift"]


def test_what_was_found_is_kept_before_anything_that_stands_on_it_is_written(tmp_path: Path) -> None:
    """Killed in between, the next run would find what ended, and not what it ended for."""
    site = Site(tmp_path, World())
    found = Desired(Address.parse("spf55/dns/spf55.org/MX"), {"values": ("0 new.",)})
    site.world.objects[found.address] = Live(found.address, {"values": ("0 new.",)})

    def die(order: Order) -> None:
        raise Killed

    site.world.after_write = die
    with pytest.raises(Killed):
        site.apply(site.plan([found, mailbox("lou@spf55.org")]))
    snapshot = site.store.read("spf55")
    assert snapshot is not None
    assert found.address in snapshot.records
