"""One small file per rule in ``cases``: the federations as a postmaster might write them, and what is said of them."""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from reconcile.config.inventory.inventory import Inventory
from reconcile.config.load import load_federations
from reconcile.config.rules import RULES
from reconcile.config.rules.criteria import Criteria
from reconcile.config.rules.diagnostic import Diagnostic
from reconcile.config.settings.tables.batches import Batch
from reconcile.config.settings.tables.legacy.legacy import LegacyServer
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.config.structures.register import FACTS, Register, RegisteredStructure
from reconcile.problem import Problem
from reconcile.state.inventory import decode

ROOT = Path(__file__).resolve().parents[3]
CASES = sorted((ROOT / "tests" / "config" / "cases").glob("*.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_each_rule_speaks_at_the_right_place_and_no_other_does(
    case: Path, tmp_path: Path, golden: Callable[[str, Iterable[str]], None]
) -> None:
    story = yaml.safe_load(case.read_text(encoding="utf-8"))
    for name, text in story["files"].items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    inventories = {slug: _inventory(held) for slug, held in story.get("inventories", {}).items()}
    batches = [Batch.model_validate(one) for one in story["batches"]] if "batches" in story else None
    criteria = Criteria(
        story.get("protected", ()),
        _servers(story.get("servers")),
        inventories,
        story.get("today"),
        batches,
        Prices(),
        _register(story.get("register")),
    )
    loaded = load_federations(tmp_path, criteria)
    found = [f"{one.path.name}:{one.line}:{one.column} {one.code}" for one in loaded.diagnostics]
    assert found == story["expect"], story["says"]
    assert all(one.severity == story.get("severity", RULES[one.code].severity) for one in loaded.diagnostics)
    golden(f"rules/{case.stem}.txt", [line for one in loaded.diagnostics for line in _said(one)])
    invalid = {one.path for one in loaded.errors}
    assert {federation.path for federation in loaded.federations} == {p for p in loaded.paths if p not in invalid}


def test_every_rule_has_its_case() -> None:
    assert {path.stem.partition("-")[0].upper() for path in CASES} == set(RULES)


def test_every_rule_is_explained_in_the_documentation_with_its_severity() -> None:
    page = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    for code, rule in RULES.items():
        assert f"| {code} | {rule.severity} | {rule.title} |" in page


def _said(one: Diagnostic) -> Iterator[str]:
    """Its words as a postmaster reads them; what it is called in that folder, not where the folder is."""
    folder = f"{one.path.parent}/"
    yield f"{one.path.name}:{one.line}:{one.column} {one.code} {one.severity}: {one.message.replace(folder, '')}"
    if one.hint:
        yield f"    {one.hint.replace(folder, '')}"


def _servers(written: Mapping[str, dict[str, object]] | None) -> Mapping[str, LegacyServer] | None:
    usual = {"host": "imap.example", "master_user": "copieur"}
    return written and {name: LegacyServer.model_validate(usual | one) for name, one in written.items()}


def _register(held: Mapping[int, dict[str, str]] | None) -> Register | None:
    """What PopStructure had on the first of January: ``department`` and the facts of each number."""
    if held is None:
        return None
    structures = {
        number: RegisteredStructure(number, "", one.get("department", ""), {fact: one.get(fact) for fact in FACTS})
        for number, one in held.items()
    }
    return Register(dt.datetime(2025, 1, 1, tzinfo=dt.UTC), "popstructure.csv", FACTS, structures)


def _inventory(held: object) -> Inventory | Problem:
    try:
        return decode(json.dumps(held, default=str).encode(), Path("inventory.json"))
    except Problem as problem:
        return problem
