"""Copies by name: a choice says the same of a job in Python and in SQL."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconcile.clock import Clock, SystemClock
from reconcile.mailcopy.queue.choice import Choice
from reconcile.mailcopy.queue.location import Location
from reconcile.mailcopy.queue.work_list import Claimant, Limits

KEYS = ["spf55/copy/contact@spf55.org", "spf5/copy/55@spf5.org", "spf55/copy_back/contact@spf55.org", "nu"]


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ((), KEYS),
        (("spf55",), [KEYS[0], KEYS[2]]),
        (("spf5",), [KEYS[1]]),
        (("contact@spf55.org",), [KEYS[0], KEYS[2]]),
        (("ct@spf55.org",), []),
        (("neuf1@pop.org",), [KEYS[1]]),
        ((KEYS[0],), [KEYS[0]]),
        (("spf55/copy",), []),
        (("copy/contact@spf55.org",), []),
        (("nu", "spf5"), [KEYS[1], "nu"]),
        (("%", "_", "' OR 1=1 --", ""), []),
        ((*tuple(f"autre{one}" for one in range(1500)), "spf5"), [KEYS[1]]),
    ],
)
def test_names_choose_the_same_in_python_and_in_the_database(
    location_maker: Callable[[Clock], Location], names: tuple[str, ...], chosen: list[str]
) -> None:
    jobs, choice = location_maker(SystemClock()).jobs, Choice(names)
    for number, key in enumerate(KEYS):
        jobs.enqueue(key, "ovh", f"ancien{number}", f"neuf{number}@pop.org", "")
    assert sorted(job.key for job in jobs.list() if choice.includes(job.key, job.destination)) == sorted(chosen)
    assert jobs.counts(choice).total() == len(chosen)
    assert sorted(job.key for job in jobs.claim(Claimant("w", choice), Limits(), 64)) == sorted(chosen)
