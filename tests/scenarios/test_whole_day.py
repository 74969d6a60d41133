"""A batch from J-14 to closed, everything that may go wrong in it, and mail from everywhere all the while."""

from __future__ import annotations

import collections
import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.scenarios.broken_zone import broken_zone
from tests.scenarios.whole_day.figures import ended
from tests.scenarios.whole_day.generator import WAYS
from tests.scenarios.whole_day.network import (
    FILE,
    LATE,
    POSTPONED,
    ROLLED_BACK,
    STAYS,
    UNLISTED,
    ZONE,
    Network,
    Size,
    forgotten,
    network_in,
)

SMALL, WHOLE = Size(8, 3, 48), Size(40, 50, 160)


@pytest.mark.parametrize("size", [SMALL, pytest.param(WHOLE, marks=pytest.mark.soak)], ids=["small", "whole"])
def test_every_message_of_the_days_ends_in_one_mailbox_whatever_becomes_of_its_federation(
    tmp_path: Path, size: Size, tell: Callable[[str], None]
) -> None:
    began = time.monotonic()
    with network_in(tmp_path, size) as network:
        prepared(network)
        the_lock(network)
        the_eve(network)
        the_day(network)
        the_days_after(network)
        closed(network)
        assert network.refused == []
        assert network.astray() == []
        tell(f"{told(network)}; {time.monotonic() - began:.0f} s in all")


def prepared(network: Network) -> None:
    network.apply()
    network.come(-7, "18:05")
    network.apply()
    network.postpone(POSTPONED)


def the_lock(network: Network) -> None:
    network.come(-1, "15:58")
    day = network.carried_through_the_day("--wait", "30m")
    assert day.returncode == 0, day.stdout
    state = network.stage.run("state", "list").out
    assert {slug for slug in network.slugs if f"{slug}/lock/" in state} == set(network.slugs) - {POSTPONED}


def the_eve(network: Network) -> None:
    """Sunday: two federations fail, each in its way, and a mailbox of a third; nobody else waits for them."""
    stage, late = network.stage, f"p1@{LATE}.org"
    network.come(-1, "17:58")
    stage.edit(FILE, "licence: E3", "licence: E9")
    network.take_away(late)
    with broken_zone(stage.folder, f"{ZONE}.org"):
        day = network.carried_through_the_day("--patience", "10m")
        assert day.returncode == 6, day.stdout
        assert network.moved() == set(network.slugs) - {POSTPONED, ZONE, FILE}, day.stdout
        told = json.loads(stage.run("status", str(network.day), "--json").out)["federations"]
        states = {one["federation"]: one["state"] for one in told}
        assert (states[LATE], states[ZONE]) == ("error", "error"), told
        network.come(-1, "22:00")
        network.copy()
        network.come(0, "08:30")
    network.give_back(late)
    stage.edit(FILE, "licence: E9", "licence: E3")


def the_day(network: Network) -> None:
    """Monday: what failed is mended, one federation goes back, the addresses nobody listed are found."""
    stage = network.stage
    network.come(0, "09:00")
    network.postpone(ROLLED_BACK)
    network.apply(times=2)
    assert network.moved() == set(network.slugs) - STAYS
    network.come(0, "18:00")
    relayed = json.loads(stage.run("relayed", UNLISTED, "--json", expect=0).out)["relayed"]
    written = {one.to for one in network.sent if one.way in ("outside", "tenant") and one.at > network.at(-1, "19:00")}
    assert {one["address"] for one in relayed} >= written & set(forgotten(UNLISTED))
    with (stage.folder / "federations" / f"{UNLISTED}.yaml").open("a", encoding="utf-8") as file:
        file.write(network.entries(forgotten(UNLISTED)))
    network.apply(times=2)
    network.copy()


def the_days_after(network: Network) -> None:
    """The tenant becomes authoritative and the old host hands over; both are seen the next day."""
    for days in (1, 2):
        network.come(days, "18:05")
        network.apply()
        network.copy()
    state = network.stage.run("state", "list").out
    for slug in set(network.slugs) - STAYS:
        assert f"{slug}/handover/{slug}.org" in state, slug


def closed(network: Network) -> None:
    stage = network.stage
    for slug in set(network.slugs) - STAYS:
        stage.edit(slug, f"date: {network.day}", f"date: {network.day}, closed: {network.day + dt.timedelta(days=7)}")
    network.come(5, "18:05")
    network.apply()
    network.copy()
    network.come(9, "18:05")
    network.apply(times=2)
    network.copy()
    state = stage.run("state", "list").out
    assert {slug for slug in network.slugs if f"{slug}/closing/" in state} == set(network.slugs) - STAYS
    letters = [path.read_text(encoding="utf-8") for path in (stage.folder / ".sandbox" / "letters").glob("*.eml")]
    over = {one.partition("X-SPF-Letter: ")[2].partition("\n")[0].strip() for one in letters}
    assert {slug for slug in network.slugs if f"{slug}/closed" in over} == set(network.slugs) - STAYS
    assert {one["action"] for one in changes(network)} <= {"none"}


def told(network: Network) -> str:
    """The day in figures."""
    eve, journals = network.at(-1, "18:00"), network.stage.journals()
    locked = max(ended(journals, "lock", before=eve).values()) - network.at(-1, "16:00")
    switched = sorted(ended(journals, "dns", ".org/MX", before=network.at(0, "00:00")).values())
    first, last = switched[0] - eve, switched[-1] - eve
    ways = collections.Counter(one.way for one in network.sent)
    size, by_way = network.size, ", ".join(f"{ways[way]} {way}" for way in WAYS)
    return (
        f"whole day of {size.federations} × {size.mailboxes}: {len(network.sent)} messages ({by_way}), "
        f"0 refused, 0 astray; all locked {locked.total_seconds():.0f} s after 16:00, "
        f"{len(switched)} switched {first.total_seconds():.0f} to {last.total_seconds():.0f} s after 18:00"
    )


def changes(network: Network) -> list[dict[str, object]]:
    document = json.loads(network.stage.run("plan", "--json", timeout=600).out)
    return [one for one in document["changes"] if one["due"] is None]
