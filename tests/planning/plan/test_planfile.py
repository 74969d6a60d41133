"""What is written of a plan is canonical, and says all of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from tests.views.any_plan import plans
from tests.views.sample_plans import EVERYTHING

from reconcile.language.catalogue import catalogue
from reconcile.language.phrase import Phrase
from reconcile.planning.gates.gate import Gate
from reconcile.planning.plan.plan import Plan
from reconcile.planning.plan.planfile import digest, document, encode, load
from reconcile.problem import Problem


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(plan=plans())
def test_any_plan_has_one_canonical_text(plan: Plan) -> None:
    written = json.loads(encode(plan))
    assert written == document(plan)
    assert written["digest"] == digest(written)
    for change in written["changes"]:
        assert json.dumps(change, sort_keys=True, ensure_ascii=False, separators=(",", ":")) in encode(plan)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(plan=plans())
def test_any_plan_is_read_back_as_it_was_written(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(encode(plan), encoding="utf-8")
    assert document(load(path)) == document(plan)


FULL = Phrase("{date} is full: it takes {most}", date=dt.date(2025, 1, 20), most=40)
UNSAID = Phrase("{shown}: {what}", shown="a@spf55.org", what=Phrase("neither kept nor given up"))
GATES = tuple(
    Gate("spf55", code, dt.datetime(2025, 1, 19, 15, tzinfo=dt.UTC), why) for code, why in [("A", FULL), ("B", UNSAID)]
)


def test_a_saved_plan_gives_its_reasons_in_the_readers_language(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(encode(dataclasses.replace(EVERYTHING, gates=GATES)), encoding="utf-8")
    full, unsaid = load(path).gates
    french = catalogue("fr")
    assert french.say(full.why) == "le 2025-01-20 est complet\N{NO-BREAK SPACE}: il prend 40 fédérations"
    assert full.why == FULL
    assert french.say(unsaid.why).startswith("a@spf55.org\N{NO-BREAK SPACE}: ")
    assert french.say(unsaid.why) != UNSAID


def forged(tmp_path: Path, **parts: object) -> Path:
    """A plan whose file says that its one reason was made of these parts."""
    body = document(dataclasses.replace(EVERYTHING, gates=GATES[:1]))
    body["sentences"] = {str(FULL): parts}
    body["digest"] = digest(body)
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(body), encoding="utf-8")
    return path


def test_a_file_that_would_say_another_thing_in_another_language_is_not_believed(tmp_path: Path) -> None:
    path = forged(tmp_path, template="Nothing to do for {number} other federation.", values={"number": 3})
    (gate,) = load(path).gates
    assert catalogue("fr").say(gate.why) == FULL


@pytest.mark.parametrize("template", ["{date.__class__}", "{date:>9999999}", "{date[0]}", "{"])
def test_a_template_that_looks_into_its_values_is_refused(tmp_path: Path, template: str) -> None:
    with pytest.raises(Problem, match="PLN02"):
        load(forged(tmp_path, template=template, values={"date": "2025"}))
