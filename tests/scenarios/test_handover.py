"""Once its domain is authoritative in the tenant, the old host sends its mail on; a moved date takes that back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.postgresql import Cluster
from tests.scenarios.handover import HostDatabase, name_the_way
from tests.scenarios.stage import ROOT, Stage
from tests.scenarios.test_relay import DOMAIN, Town, until

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


def test_a_host_with_its_domains_in_a_database_is_handed_over_and_delivers_again_after_a_rollback(
    town: Town, cluster: Cluster
) -> None:
    stage, database = town.stage, HostDatabase(cluster, town.note["runtime"])
    database.name_it(stage, "canari@spf88.org")
    before = database.rows()
    assert any(address == "bureau@spf55.org" for address, _ in before), "a redirection of the old world"
    for days in (-20, -7, -1):
        if days > -20:
            town.come(days)
        stage.run("apply", "--yes")
    assert database.rows() == before, "the tenant is a relay still"

    town.come(1)
    ended = stage.run("apply", "--yes")
    assert HANDOVER in stage.run("state", "list").out, ended.said
    assert database.ask("SELECT backupmx FROM domain WHERE name = 'spf55.org'") == [(1,)]
    assert database.ask("SELECT address FROM alias WHERE address LIKE '%@spf55.org'") == []

    later = town.day + dt.timedelta(days=28)
    stage.edit("spf55", f"date: {town.day.isoformat()}", f"date: {later.isoformat()}")
    stage.add_batch(later)
    stage.run("apply", "--yes")
    assert HANDOVER not in stage.run("state", "list").out
    assert database.rows() == before
    assert town.exchanger().startswith("mx1.mutualise")
    assert town.write("contact@spf55.org", "revenue") == ""
    until(lambda: town.old_box("contact@spf55.org", "revenue"))
