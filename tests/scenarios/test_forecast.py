"""What the forecast says of a day, and the day as it then happens on the sandbox's clock."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path

import pytest
from tests.scenarios.stage import SMALL, Stage
from tests.scenarios.test_calendar import PARIS, Days

OTHERS = {"88": "Vosges", "54": "Meurthe-et-Moselle"}


@pytest.mark.parametrize(("begun", "prepared"), [("17:55", True), ("18:05", False)], ids=["prepared", "late"])
def test_the_forecast_is_within_a_fifth_of_the_day(tmp_path: Path, begun: str, prepared: bool) -> None:
    stage = Stage.small(tmp_path)
    for code, name in OTHERS.items():
        text = SMALL.replace("    legacy_login: k0412\n", "").replace('"55"', f'"{code}"')
        stage.write(f"spf{code}", text.replace("spf55", f"spf{code}").replace("Meuse", name))
    stage.run("sandbox", "up", "--tenant", "realistic", expect=0)
    try:
        days = Days(stage)
        for code in OTHERS:
            stage.edit(f"spf{code}", "date: 2025-01-20", f"date: {days.day.isoformat()}")
        if prepared:
            for come in (-14, -7):
                days.come(come)
                stage.run("apply", "--yes", expect=0)
        told = json.loads(stage.run("batches", "forecast", str(days.day), "--begun", begun, "--json", expect=0).out)
        eve = dt.datetime.combine(days.day - dt.timedelta(days=1), dt.time(18), PARIS)
        start = dt.datetime.combine(eve.date(), dt.time.fromisoformat(begun), PARIS)
        days.clock.advance_to(start.astimezone(dt.UTC))
        before = time.monotonic()
        stage.run("day", days.day.isoformat(), expect=0)
        computing = time.monotonic() - before
        happened = moments(stage)
    finally:
        stage.run("sandbox", "down")
    for one in told["federations"]:
        for what, kind in (("created", "mailbox"), ("switched", "dns")):
            forecast = (dt.datetime.fromisoformat(one[what]) - eve).total_seconds()
            # The sandbox's clock flows along with this machine's: what it computed meanwhile is no part of the day.
            latest = (happened[one["federation"], kind] - eve).total_seconds()
            assert latest >= 0.8 * forecast, (one, latest)
            assert latest - computing <= 1.2 * forecast, (one, latest, computing)


def moments(stage: Stage) -> dict[tuple[str, str], dt.datetime]:
    """When the last mailbox of each federation was complete, and its MX switched."""
    found: dict[tuple[str, str], dt.datetime] = {}
    for journal in stage.journals():
        for line in map(json.loads, journal.read_text(encoding="utf-8").splitlines()):
            if line["event"] == "outcome" and line["result"] == "done":
                slug, kind, key = line["address"].split("/", 2)
                if kind == "mailbox" or (kind == "dns" and key.endswith("/MX")):
                    found[slug, kind] = dt.datetime.fromisoformat(line["at"])
    return found
