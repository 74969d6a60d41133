"""What is written of a plan is canonical, and says all of it."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from tests.views.any_plan import plans

from reconcile.planning.plan.plan import Plan
from reconcile.planning.plan.planfile import digest, document, encode, load


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
