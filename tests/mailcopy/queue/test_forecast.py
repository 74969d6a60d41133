"""When copies will be over."""

from __future__ import annotations

import dataclasses

from reconcile.mailcopy.queue.forecast import Remaining, forecast
from reconcile.mailcopy.queue.jobs import Job

NOW = 1_000_000.0
STEADY = {"ovh": [600] * 10}


def job(name: str, left: int | None, state: str = "queued", source: str = "ovh") -> Job:
    total = None if left is None else left + 5
    return Job(name, source, name, name, "", state=state, messages=5, messages_total=total)


def test_a_mailbox_alone_takes_what_it_holds_over_the_rate() -> None:
    assert forecast([job("a", 1200)], STEADY, NOW) == {"a": Remaining(120, 120)}


def test_a_queued_mailbox_waits_for_the_smaller_ones() -> None:
    found = forecast([job("grande", 6000), job("petite", 600)], STEADY, NOW)
    assert found == {"petite": Remaining(60, 60), "grande": Remaining(660, 660)}


def test_those_that_run_together_share_the_rate_and_the_last_ends_with_all_of_it() -> None:
    found = forecast([job("a", 600, "running"), job("b", 1200, "running")], STEADY, NOW)
    assert found == {"a": Remaining(60, 120), "b": Remaining(180, 180)}


def test_good_and_poor_minutes_make_a_range() -> None:
    found = forecast([job("a", 1200)], {"ovh": [300, 600, 600, 600, 1200]}, NOW)
    assert found == {"a": Remaining(60, 120)}


def test_sources_are_forecast_separately_and_only_where_their_rate_is_known() -> None:
    jobs = [job("a", 600), job("b", 600, source="free"), job("c", None), job("d", 0), job("e", 600, "paused")]
    assert set(forecast(jobs, STEADY, NOW)) == {"a"}


def test_what_must_wait_for_its_time_does() -> None:
    waiting = dataclasses.replace(job("a", 600, "waiting"), not_before=NOW + 30)
    assert forecast([waiting], STEADY, NOW) == {"a": Remaining(90, 90)}
