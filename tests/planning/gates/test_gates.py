"""One file per gate in ``gates``: a federation that did everything, one thing changed, and what is then said."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.applying.memory import StoppedClock
from tests.views.sample_plans import MIGRATION

from reconcile.applying.outcome import Outcome, Result
from reconcile.applying.walk import Walk, Work
from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory, LegacyAddress
from reconcile.config.load import load_federations
from reconcile.config.rehearsal import Rehearsal
from reconcile.config.settings.tables.batches import Batch
from reconcile.config.settings.tables.calendar import Calendar
from reconcile.config.settings.tables.legacy.lock import Lock, LockByHand
from reconcile.planning.gates.facts import Facts
from reconcile.planning.gates.gate import GATES, Gate
from reconcile.planning.gates.gates import gates
from reconcile.planning.guards.held import held_back
from reconcile.planning.plan.plan import Plan
from reconcile.planning.plan.planfile import document
from reconcile.planning.plan.planfile_reading import read
from reconcile.problem import Problem
from reconcile.resources.milestones import milestones
from reconcile.state.agreements import Agreement
from reconcile.steps import at_once

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
DAY = dt.date(2025, 1, 20)
LOCK = dt.datetime(2025, 1, 19, 15, tzinfo=dt.UTC)
READY = """\
code: "55"
name: Meuse
domain: spf55.org
atrium_id: 2650
structures: [{atrium_id: 2650, street: 12 rue des Fontaines, postal_code: "55000", city: Bar-le-Duc}]
contact: {name: Camille Dupont, email: camille.dupont@example.net, poptransfert: meuse}
migration: {date: 2025-01-20, rehearsed: 2025-01-08, confirmed: 2025-01-15}
legacy: {server: mutualise}
mailboxes:
  camille@spf55.org: {licence: E3, directory: {last_name: Dupont, first_name: Camille}}
  lou.petit@spf55.org: {licence: E1, aliases: [lou@spf55.org], directory: {last_name: Petit, first_name: Lou}}
  contact@spf55.org: {licence: shared, delegates: [lou.petit@spf55.org]}
"""
LOCKS = {
    "there": Lock(
        by_hand=LockByHand(lock=("suspend",), unlock=("resume",)),
        canary="canari@{domain}",
        pop="",
        submission="mx.mutualise.example:587",
        inbound="mx.mutualise.example:25",
    ),
    "impossible": Lock(impossible="nobody answers our letters"),
    "unsaid": None,
}
DAMAGED = {
    "rehearsal": Problem("STA17", "x.json is no rehearsal this version can read.", "rehearse again"),
    "inventory": Problem("INV01", "x.json is damaged.", "put a good copy back"),
    "agreement": Problem("STA20", "x.json is no agreement this version can read.", "move it away"),
    "switches": Problem("M365-05", "The list was cut short.", "run it again"),
}


def cases() -> list[Any]:
    found = []
    for path in CASES:
        story = yaml.safe_load(path.read_text(encoding="utf-8"))
        for number, case in enumerate(story.get("cases", [story])):
            found.append(pytest.param(case, story["says"], id=f"{path.stem}-{number}"))
    return found


def federation(folder: Path, case: Mapping[str, Any]) -> Federation:
    text = READY
    for old, new in case.get("edit", {}).items():
        assert old in text
        text = text.replace(old, new)
    if "overrides" in case:
        text += yaml.safe_dump({"overrides": case["overrides"]}, allow_unicode=True)
    (folder / "spf55.yaml").write_text(text, encoding="utf-8")
    (found,) = load_federations(folder).federations or pytest.fail("the file is not valid")
    return found


def rehearsal(said: Any) -> Rehearsal | Problem | None:
    if said is None or said == "damaged":
        return DAMAGED["rehearsal"] if said else None
    held = dt.datetime.fromisoformat(said.get("held", "2025-01-08T10:00:00+00:00"))
    domains = said.get("domains", {"spf55.org": "free"})
    return Rehearsal("spf55", held, domains, tuple(said.get("stands", ())), tuple(said.get("switches", ())))


def inventory(said: Any) -> Inventory | Problem | None:
    if said is None or said == "damaged":
        return DAMAGED["inventory"] if said else None
    held: dict[str, Any] = {
        name: {"kind": "mailbox", "size": 1000, "messages": 1}
        for name in ("camille@spf55.org", "lou.petit@spf55.org", "contact@spf55.org")
    }
    listed = {name: one for name, one in (held | said).items() if name != "unknown"}
    addresses = {name: LegacyAddress(name, login=name, **one) for name, one in listed.items()}
    taken = dt.datetime(2025, 1, 6, tzinfo=dt.UTC)
    return Inventory("spf55", "mutualise", taken, ("spf55.org",), ("csv",), addresses, said.get("unknown", {}))


def agreement(said: Any) -> Agreement | Problem | None:
    if said is None or said == "damaged":
        return DAMAGED["agreement"] if said else None
    return Agreement(*(dt.date.fromisoformat(one) for one in said))


def judged(folder: Path, case: Mapping[str, Any]) -> tuple[Gate, ...]:
    batch = Batch(date=DAY)
    switches = case.get("switches")
    facts = Facts(
        federation(folder, case),
        LOCK,
        (batch,) if "batches" not in case else (),
        batch if case.get("beyond") else None,
        rehearsal(case.get("rehearsal", {})),
        inventory(case.get("inventory", {})),
        DAMAGED["switches"] if switches == "damaged" else switches,
        seals=case.get("seals", True),
        returned=case.get("returned", ""),
        host_lock=LOCKS[case.get("lock", "there")],
        agreement=agreement(case.get("agreed")),
    )
    return gates(facts)


@pytest.mark.parametrize(("case", "says"), cases())
def test_each_gate_speaks_of_what_it_wants_and_no_other_does(
    case: Mapping[str, Any], says: str, tmp_path: Path
) -> None:
    found = judged(tmp_path, case)
    assert [gate.code for gate in found] == list(GATES)
    why = {gate.code: gate.why for gate in found if gate.why}
    assert why.keys() == case["expect"].keys(), (says, why)
    assert all(said in why[code] for code, said in case["expect"].items()), (says, why)
    assert all(gate.hint for gate in found if gate.why)
    assert [gate.code for gate in found if gate.waived] == case.get("waived", [])
    assert {gate.code for gate in found if not gate.open} == why.keys() - case.get("waived", [])


def test_every_gate_has_its_cases_and_is_explained() -> None:
    assert {path.stem[:5].upper() for path in CASES if path.stem.startswith("gat")} == set(GATES)
    page = (Path(__file__).resolve().parents[3] / "docs" / "calendar.md").read_text(encoding="utf-8")
    assert all(f"| {code} | {title} |" in page for code, title in GATES.items())


def migration(*closed: str) -> Plan:
    cutover = milestones(DAY, Calendar()).cutover
    gates = tuple(Gate("spf55", code, LOCK, "because", "do it") for code in closed)
    changes = tuple(dataclasses.replace(one, due=cutover) if one.due is not None else one for one in MIGRATION.changes)
    return dataclasses.replace(MIGRATION, changes=changes, gates=gates)


def test_a_closed_gate_holds_the_lock_and_the_switch_and_leaves_the_preparation() -> None:
    held = {address.kind for address in held_back(migration("GAT02"))}
    assert "mailbox" in held
    assert not held & {"domain", "domain_verification"}


@pytest.mark.parametrize("code", ["GAT04", "GAT10"])
def test_a_domain_is_not_proved_before_the_date_is_confirmed_nor_while_somebody_holds_it(code: str) -> None:
    held = {address.kind for address in held_back(migration(code))}
    assert {"domain_verification", "mailbox"} <= held
    assert "domain" not in held


def test_a_gate_set_aside_holds_nothing() -> None:
    plan = dataclasses.replace(migration(), gates=(Gate("spf55", "GAT02", LOCK, "because", "do it", "agreed"),))
    assert held_back(plan) == {}


def test_a_saved_plan_keeps_its_gates() -> None:
    plan = migration("GAT02", "GAT04")
    assert read(document(plan)).gates == plan.gates


def test_what_hangs_on_a_held_change_is_held_not_skipped(outcomes_of: Any) -> None:
    results = outcomes_of(migration("GAT04"))
    assert Result.SKIPPED not in results.values()
    assert Result.HELD in results.values()


@pytest.fixture
def outcomes_of() -> Any:
    import threading

    def walk(plan: Plan) -> dict[str, Result]:
        done = Walk(
            Work(plan.changes, plan.blocked, held_back(plan)),
            perform=lambda change: at_once(lambda: Outcome(change, Result.DONE)),
            limit=lambda _: 4,
            clock=StoppedClock(),
            stop=threading.Event(),
            listener=lambda _: None,
        ).run()
        return {str(outcome.change.address): outcome.result for outcome in done}

    return walk
