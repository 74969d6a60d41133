"""The day before it comes: later with more mailboxes and more mail, and named by what limits it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory, LegacyAddress
from reconcile.config.load import load_federations
from reconcile.config.settings.tables.calendar import Calendar
from reconcile.config.settings.tables.copies import Copies
from reconcile.planning.batches.forecast import Expected, Pace, forecast
from reconcile.resources.milestones import milestones

MOMENTS = milestones(dt.date(2025, 1, 20), Calendar())


def federations(folder: Path, *boxes: int) -> list[Federation]:
    for number, count in enumerate(boxes):
        lines = [f'code: "{number:02}"', f"name: F{number}", f"domain: spf{number:02}.org", "mailboxes:"]
        lines += [
            f"  p{place}@spf{number:02}.org: {{licence: E1, directory: {{last_name: P, first_name: Q}}}}"
            for place in range(count)
        ]
        (folder / f"spf{number:02}.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return list(load_federations(folder).federations)


def inventory(one: Federation, size: int) -> Inventory:
    held = {address: LegacyAddress(address, "mailbox", address, size=size) for address in one.file.mailboxes}
    return Inventory(one.slug, "mutualise", MOMENTS.lock, one.domains, ("csv",), held)


def expected(
    folder: Path, *boxes: int, size: int = 10**6, pace: Pace = Pace(), copies: Copies = Copies()
) -> list[Expected]:
    ones = federations(folder, *boxes)
    return list(forecast(ones, {one.slug: inventory(one, size) for one in ones}, MOMENTS, copies, pace))


def seconds(moment: dt.datetime) -> float:
    return (moment - MOMENTS.cutover).total_seconds()


def test_a_small_federation_waits_for_exchange_alone(tmp_path: Path) -> None:
    (one,) = expected(tmp_path, 4)
    assert one.locked == MOMENTS.lock
    assert seconds(one.created) == 4 * 3 / 20 + 180
    assert seconds(one.switched) == seconds(one.created) + 2
    assert "180 s to make a mailbox" in one.limit


def test_forty_times_fifty_mailboxes_wait_for_graph_and_then_for_the_old_hosts(tmp_path: Path) -> None:
    ones = expected(tmp_path, *[50] * 40, size=10**9)
    assert seconds(ones[-1].created) == 2000 * 3 / 20 + 180
    assert ones == sorted(ones, key=lambda one: one.created)
    assert seconds(max(one.copied for one in ones)) == seconds(ones[0].switched) + 2000 * 10**9 / 10e6
    assert "old hosts" in ones[0].limit
    quick = expected(tmp_path, *[50] * 40, size=1)
    assert "20 writes a second" in quick[-1].limit


def test_starts_a_minute_hold_copies_back(tmp_path: Path) -> None:
    (one,) = expected(tmp_path, 10, size=1, copies=Copies(starts_per_minute=1))
    assert round(seconds(one.copied) - seconds(one.switched)) == 9 * 60


def test_what_nobody_measured_is_taken_for_two_gigabytes(tmp_path: Path) -> None:
    (one,) = forecast(federations(tmp_path, 3), {}, MOMENTS, Copies(), Pace())
    assert one.size == 6 * 10**9
