"""Within the published quotas, without asking the time for every request."""

from __future__ import annotations

import datetime as dt

from tests.microsoft.sleeper import Sleeper

from reconcile.providers.microsoft.pacing import Quota


def test_a_burst_within_the_quota_never_waits_nor_looks_at_the_clock(sleeper: Sleeper) -> None:
    quota = Quota(sleeper)
    for _ in range(3000):
        quota.take(units=1, writes=1)
    assert sleeper.slept == []


def test_writes_beyond_the_quota_flow_at_its_rate(sleeper: Sleeper) -> None:
    quota = Quota(sleeper)
    began = sleeper.now()
    for _ in range(6000):
        quota.take(units=1, writes=1)
    elapsed = (sleeper.now() - began) / dt.timedelta(seconds=1)
    assert 149 <= elapsed <= 151
