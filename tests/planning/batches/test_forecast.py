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


#: Seconds until a mailbox is there and complete.
MAILBOX = 420 + 15 + 60


def test_a_small_federation_waits_for_exchange_alone(tmp_path: Path) -> None:
    (one,) = expected(tmp_path, 4)
    assert one.locked == MOMENTS.lock
    assert seconds(one.created) == MAILBOX
    assert seconds(one.switched) == MAILBOX + 2
    assert seconds(one.seen) == MAILBOX + 2 + 300, "caches hold the lowered TTL"
    assert "420 s to make a mailbox" in one.limit


def test_forty_times_fifty_mailboxes_wait_for_graph_once_its_burst_is_spent_and_then_for_the_old_hosts(
    tmp_path: Path,
) -> None:
    quick_boxes = Pace(into_one=1e9)
    ones = expected(tmp_path, *[50] * 40, size=10**9, pace=quick_boxes)
    assert seconds(ones[0].created) == MAILBOX
    assert seconds(ones[-1].created) == (2000 * 3 - 3000) / 20 + MAILBOX
    assert ones == sorted(ones, key=lambda one: one.created)
    assert round(seconds(max(one.copied for one in ones)) - seconds(ones[0].switched)) == 2000 * 10**9 / 10e6
    assert "old hosts" in ones[0].limit
    quick = expected(tmp_path, *[50] * 40, size=1, pace=Pace(graph_writes=2.0))
    assert "2 writes a second" in quick[-1].limit


def test_one_large_mailbox_waits_for_what_exchange_takes_into_one(tmp_path: Path) -> None:
    (one,) = expected(tmp_path, 1, size=3 * 10**9)
    assert round(seconds(one.copied) - seconds(one.switched)) == 10 * 3600
    assert "300 MB an hour into one mailbox" in one.limit


def test_so_many_mailboxes_are_copied_at_once_as_the_settings_say(tmp_path: Path) -> None:
    (one,) = expected(tmp_path, 10, size=3 * 10**8, copies=Copies(mailboxes=2))
    assert round(seconds(one.copied) - seconds(one.switched)) == 5 * 3600


def test_starts_a_minute_hold_copies_back(tmp_path: Path) -> None:
    (one,) = expected(tmp_path, 10, size=1, copies=Copies(starts_per_minute=1))
    assert round(seconds(one.copied) - seconds(one.switched)) == 9 * 60


def test_what_nobody_measured_is_taken_for_two_gigabytes(tmp_path: Path) -> None:
    (one,) = forecast(federations(tmp_path, 3), {}, MOMENTS, Copies(), Pace())
    assert one.size == 6 * 10**9


def test_domains_that_nobody_prepared_delay_their_own_federation_where_the_day_begins_late(tmp_path: Path) -> None:
    ones = federations(tmp_path, 1, 1)
    late = MOMENTS.cutover + dt.timedelta(minutes=5)
    first, second = forecast(ones, {}, MOMENTS, Copies(), Pace(), begun=late, unprepared=["spf01"])
    assert seconds(first.created) == 300 + MAILBOX
    assert seconds(second.created) == 300 + 240 + MAILBOX
    (early, _) = forecast(ones, {}, MOMENTS, Copies(), Pace(), unprepared=["spf00"])
    assert seconds(early.created) == MAILBOX, "from the lock on there is time"
