"""What ``reconcile copy doctor`` finds."""

from __future__ import annotations

import dataclasses

import pytest

from reconcile.mailcopy.queue.health import STILL, findings
from reconcile.mailcopy.queue.jobs import Job

NOW = 1_000_000.0
RUNNING = Job("k", "ovh", "k", "k", "", state="running", worker="un", updated=NOW - 1)


def found(*jobs: Job, dead: str = "") -> list[str]:
    return [one.what for one in findings(jobs, NOW, lambda name: name == dead)]


def test_a_copy_that_moves_under_a_live_worker_is_well() -> None:
    assert found(RUNNING) == []


def test_a_copy_whose_worker_died_is_a_finding() -> None:
    assert found(RUNNING, dead="un") == ["its worker un is gone"]


def test_a_copy_without_progress_is_a_finding_though_its_worker_lives() -> None:
    still = dataclasses.replace(RUNNING, updated=NOW - STILL - 1)
    assert found(still) == ["no progress was noted, though its worker is alive"]


def test_due_copies_are_findings_when_no_worker_runs() -> None:
    due = Job("q", "ovh", "q", "q", "", updated=NOW - STILL - 1)
    assert found(due) == ["it is due and no worker is running"]
    assert found(due, RUNNING) == []
    assert found(dataclasses.replace(due, not_before=NOW - 1)) == []


@pytest.mark.parametrize(("state", "attempts"), [("waiting", 3), ("failed", 8)])
def test_a_copy_that_keeps_failing_is_a_finding_with_its_error(state: str, attempts: int) -> None:
    job = dataclasses.replace(RUNNING, state=state, attempts=attempts, error="COPY02 refused")
    (what,) = found(job)
    assert "COPY02 refused" in what
