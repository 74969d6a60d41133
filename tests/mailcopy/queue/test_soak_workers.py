"""Two workers on one PostgreSQL under fire: killed, frozen and woken, their database restarted and killed."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator

import pytest
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.queue.test_workers import Team, a_team
from tests.postgresql import Cluster, postgresql

DEATHS = int(os.environ.get("DEATHS", "150"))
VICTIMS = ("worker", "worker", "worker", "frozen", "frozen", "database restarted", "database killed")
#: Seconds of a lease here, and for which a worker stays frozen at most.
LEASE, FROZEN = 3.0, 8.0
LONGEST_PAUSE = 240.0


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    with postgresql() as server:
        yield server


def strike(victim: str, team: Team, cluster: Cluster, rng: random.Random) -> None:
    name = rng.choice(sorted(team.running))
    one = team.running[name]
    match victim:
        case "worker":
            one.kill()
            one.wait()
        case "frozen":
            one.send_signal(signal.SIGSTOP)
            time.sleep(rng.uniform(0, FROZEN))
            one.send_signal(signal.SIGCONT)
        case "database restarted":
            cluster.stop()
            cluster.start()
        case "database killed":
            cluster.kill()
            time.sleep(rng.uniform(0, 2))
            cluster.start()


@pytest.mark.soak
@pytest.mark.parametrize("host", ["batching_host", "exchange_like_host"])
def test_deaths_at_random_lose_and_double_nothing(
    request: pytest.FixtureRequest, host: str, own_cluster: Cluster, old_host: Dovecot, user: str
) -> None:
    seed = f"{host}{os.environ.get('SEED', '')}"
    rng, deaths, rounds = random.Random(seed), 0, 0  # noqa: S311
    while deaths < DEATHS // 2:
        rounds += 1
        with a_team(own_cluster, old_host, request.getfixturevalue(host)) as team:
            team.queue(f"{user}-{rounds}", 900, 600, 40, 40)
            now = rng.choice((2, 3, 4))
            for _ in range(now):
                for name in ("un", "deux"):
                    if name not in team.running or team.running[name].poll() is not None:
                        team.start(name, rate=rng.choice((0, 0, 250)), lease=LEASE)
                time.sleep(rng.uniform(0.5, 4))
                strike(rng.choice(VICTIMS), team, own_cluster, rng)
            deaths += now
            if all(one.poll() is not None for one in team.running.values()):
                team.start("un", lease=LEASE)
            team.wait_until(team.all_done, LONGEST_PAUSE)
            for one in team.running.values():
                one.wait(LONGEST_PAUSE)
            team.assert_each_message_is_there_once()
