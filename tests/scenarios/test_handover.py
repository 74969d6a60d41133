"""Once its domain is authoritative in the tenant, the old host sends its mail on; a moved date takes that back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenarios.handover import name_the_way
from tests.scenarios.stage import ROOT, Stage
from tests.scenarios.test_relay import DOMAIN, Town

HANDOVER = f"spf55/handover/{DOMAIN}"


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    stage = Stage.small(tmp_path)
    # Another federation on the same host, whose canary proves it.
    other = stage.folder / "federations" / "spf88.yaml"
    other.write_bytes((ROOT / "federations" / "spf88.yaml").read_bytes())
    stage.run("sandbox", "up", "--postfix", expect=0)
    try:
        other.unlink()
        yield Town(stage)
    finally:
        stage.run("sandbox", "down")


def test_the_old_host_sends_mail_on_after_the_tenant_is_authoritative_and_not_before(town: Town) -> None:
    stage, tables = town.stage, name_the_way(town.stage, town.note["runtime"], "canari@spf88.org")
    before = {file.name: file.read_bytes() for file in tables.iterdir()}
    for days in (-20, -7, -1):
        if days > -20:
            town.come(days)
        stage.run("apply", "--yes")
    assert town.exchanger().endswith("mx.microsoft.")
    assert HANDOVER in stage.run("plan", "--json").out
    assert HANDOVER not in stage.run("state", "list").out
    assert {file.name: file.read_bytes() for file in tables.iterdir()} == before, "the tenant is a relay still"

    town.come(1)
    stage.run("apply", "--yes")
    assert HANDOVER in stage.run("state", "list").out, stage.journal()[-4:-1]
    assert f"{DOMAIN} reconcile" in (tables / "relay_domains").read_text()
    town.come(2)
    assert "once → again" in stage.run("plan").out, "it is proved again the next day"
    stage.run("apply", "--yes")
    assert HANDOVER not in stage.run("plan", "--json").out

    later = town.day + dt.timedelta(days=28)
    stage.edit("spf55", f"date: {town.day.isoformat()}", f"date: {later.isoformat()}")
    stage.add_batch(later)
    stage.run("apply", "--yes")
    assert {file.name: file.read_bytes() for file in tables.iterdir()} == before
