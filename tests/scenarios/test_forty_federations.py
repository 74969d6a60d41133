"""Forty federations of fifty mailboxes from J-14 to the minute before the lock: two are not ready, one moves on."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from tests.proofs.outside import VAULT
from tests.scenarios.stage import Stage, copy_settings

from reconcile.config.inventory.inventory import Inventory, LegacyAddress
from reconcile.config.rehearsal import Rehearsal
from reconcile.state.inventory import InventoryFolder
from reconcile.state.rehearsals import RehearsalFolder

DAY, NEXT = "2025-01-20", "2025-03-03"
CODES = [f"{number:02}" for number in range(1, 41)]


#: What a network says once: who may open first passwords, and why its host is not locked.
READY = f"""
[passwords]
seal_to = ["{VAULT.to_public()}"]

[legacy.mutualise.lock]
impossible = "no old host is here"
"""


def text(code: str) -> str:
    domain = f"spf{code}.org"
    lines = [
        f'code: "{code}"', f"name: Fédération {code}", f"domain: {domain}", "atrium_id: 1",
        'structures: [{atrium_id: 1, street: 1 rue X, postal_code: "55000", city: Y}]',
        f"contact: {{name: Lou, email: lou{code}@example.net, poptransfert: p{code}}}",
        "migration:", f"  dates: [{DAY}, {NEXT}]", f"  date: {DAY}", "legacy: {server: mutualise}", "mailboxes:",
    ]  # fmt: skip
    for place in range(50):
        licence = "E3" if place % 3 == 0 else "E1"
        lines.append(f"  p{place}@{domain}: {{licence: {licence}, directory: {{last_name: P, first_name: Q}}}}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    (tmp_path / "federations").mkdir()
    copy_settings(tmp_path)
    with (tmp_path / "reconcile.toml").open("a", encoding="utf-8") as settings:
        settings.write(READY)
    stage = Stage(tmp_path)
    for code in CODES:
        stage.write(f"spf{code}", text(code))
        addresses = {
            f"p{place}@spf{code}.org": LegacyAddress(f"p{place}@spf{code}.org", "mailbox", "", size=10**9, messages=9)
            for place in range(50)
        }
        if code == "07":
            addresses["oubli@spf07.org"] = LegacyAddress("oubli@spf07.org", "mailbox", "", size=1, messages=1)
        taken = dt.datetime(2025, 1, 6, 8, tzinfo=dt.UTC)
        held = Inventory(f"spf{code}", "mutualise", taken, (f"spf{code}.org",), ("csv",), addresses)
        InventoryFolder(tmp_path / "spfstate" / "inventory").write(held)
    return stage


def rows(stage: Stage, moment: str) -> dict[str, dict[str, object]]:
    said = stage.run("--live", "status", DAY, "--json", "--as-of", moment, expect=0).out
    return {one["federation"]: one for one in json.loads(said)["federations"]}


def test_all_that_are_ready_reach_the_lock_with_every_gate_open(stage: Stage) -> None:
    fortnight = rows(stage, "2025-01-06T09:00")
    assert {one["state"] for one in fortnight.values()} == {"not_ready"}

    rehearsals = RehearsalFolder(stage.folder / "spfstate" / "rehearsals")
    for code in CODES:
        if code != "23":  # nobody rehearsed that one
            held = dt.datetime(2025, 1, 13, 9, tzinfo=dt.UTC)
            rehearsals.write(Rehearsal(f"spf{code}", held, {f"spf{code}.org": "free"}))
        stage.edit(
            f"spf{code}", f"  date: {DAY}\n", f"  date: {DAY}\n  rehearsed: 2025-01-13\n  confirmed: 2025-01-15\n"
        )
    stage.run("--live", "batches", "move", "12", "--as-of", "2025-01-17", expect=0)

    eve = rows(stage, "2025-01-19T15:59")
    assert len(eve) == 39
    late = {
        slug: [gate["code"] for gate in one["gates"] if not gate["waived"]]
        for slug, one in eve.items()
        if one["state"] != "ready"
    }  # type: ignore[attr-defined]
    assert late == {"spf07": ["GAT03"], "spf23": ["GAT02"]}
    document = json.loads(stage.run("--live", "batches", "show", "--json", expect=0).out)
    assert [len(batch["federations"]) for batch in document["batches"]] == [39, 1, 0, 0]
