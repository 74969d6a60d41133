"""The workflow files: what a network declares in them, and no secret where it is not wanted."""

from __future__ import annotations

import datetime as dt

import pytest
import yaml

from reconcile.documents.pipelines import github, gitlab
from reconcile.documents.pipelines.network import Network, starts

NETWORK = Network(
    timezone="Europe/Paris",
    starts=starts([dt.date(2025, 4, 7), dt.date(2025, 1, 20)], dt.time(16), dt.date(2025, 1, 1)),
    reading=("RECONCILE_CLIENT_SECRET", "RECONCILE_DNS_MEUSE_TOKEN"),
    writing=("RECONCILE_CLIENT_SECRET", "RECONCILE_DNS_MEUSE_TOKEN", "RECONCILE_DNS_KEY", "RECONCILE_STATE_KEY"),
    lent=False,
)


def test_each_eve_is_started_twice_before_the_lock_in_civil_time() -> None:
    assert [f"{start:%d/%m %H:%M}" for start in NETWORK.starts] == [
        "19/01 15:25",
        "19/01 15:40",
        "06/04 15:25",
        "06/04 15:40",
    ]
    day = yaml.safe_load(github.workflows(NETWORK)[".github/workflows/day.yml"])
    (first, *_) = day[True]["schedule"]  # YAML 1.1 reads "on" as true
    assert first == {"cron": "25 15 19 1 *", "timezone": "Europe/Paris"}


def test_an_eve_that_is_over_is_not_scheduled() -> None:
    assert starts([dt.date(2025, 1, 20)], dt.time(16), dt.date(2025, 1, 20)) == ()
    over = Network("Europe/Paris", (), (), (), lent=True)
    day = yaml.safe_load(github.workflows(over)[".github/workflows/day.yml"])
    assert set(day[True]) == {"workflow_dispatch"}


def test_a_job_that_plans_gets_the_readers_secret_and_none_that_writes() -> None:
    for name, text in github.workflows(NETWORK).items():
        reads_only = name.endswith(("plan.yml", "drift.yml"))
        assert ("secrets.RECONCILE_READER_SECRET" in text) is reads_only
        for secret in ("secrets.RECONCILE_CLIENT_SECRET", "RECONCILE_DNS_KEY", "RECONCILE_STATE_KEY"):
            assert (secret in text) is not reads_only, (name, secret)


@pytest.mark.parametrize("lent", [False, True])
@pytest.mark.parametrize("environments", [False, True])
def test_identity_and_environments_are_asked_for_where_they_are_wanted(lent: bool, environments: bool) -> None:
    network = Network("Europe/Paris", NETWORK.starts, (), (), lent=lent, environments=environments)
    for text in github.workflows(network).values():
        for job in yaml.safe_load(text)["jobs"].values():
            if job["name"] == "Validate":
                assert job["permissions"] == {"contents": "read"}
                assert "environment" not in job
                continue
            assert ("id-token" in job["permissions"]) is lent
            assert ("environment" in job) is environments
    pipeline = yaml.safe_load(gitlab.pipeline(network)[".gitlab-ci.yml"])
    for name in ("plan", "apply", "day", "drift"):
        assert ("id_tokens" in pipeline[name]) is lent
        assert ("environment" in pipeline[name]) is environments


def test_every_action_is_pinned_by_commit_and_leaves_no_token_behind() -> None:
    for text in github.workflows(NETWORK).values():
        document = yaml.safe_load(text)
        assert document["permissions"] == {}
        for job in document["jobs"].values():
            for step in job["steps"]:
                if "uses" in step:
                    assert len(step["uses"].partition("@")[2]) == 40
                if step.get("uses", "").startswith("actions/checkout"):
                    assert step["with"]["persist-credentials"] is False


def test_no_run_takes_the_eves_turn() -> None:
    groups = {name: yaml.safe_load(text)["concurrency"] for name, text in github.workflows(NETWORK).items()}
    day = groups.pop(".github/workflows/day.yml")
    assert day == {"group": "reconcile-day", "cancel-in-progress": False}
    assert day["group"] not in {one["group"] for one in groups.values()}


def test_gitlabs_schedules_are_made_by_its_interface_in_the_networks_time() -> None:
    calls = gitlab.calls(NETWORK)
    assert sum("cron_timezone=Europe/Paris" in call for call in calls) == 2 + len(NETWORK.starts)
    assert sum("process_mode=oldest_first" in call for call in calls) == 2
    assert not any("${" in line for line in gitlab.pipeline(NETWORK)[".gitlab-ci.yml"].splitlines() if " if: $" in line)
