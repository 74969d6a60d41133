"""Three hundred deaths at random moments: of the copier, of the old host's sessions, of the new one's."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from pathlib import Path

import pytest
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.post import Box, letter
from tests.mailcopy.test_accidents import start_copy

DEATHS = int(os.environ.get("DEATHS", "300"))


def sessions(host: Dovecot, user: str) -> list[int]:
    """The processes that serve a user's connections."""
    listed = subprocess.run(
        ["doveadm", "-f", "tab", "-c", str(host.configuration), "who", user], capture_output=True, text=True
    ).stdout.splitlines()[1:]
    return [int(pid) for line in listed for pid in line.split("\t")[3].strip("()").split() if pid.isdigit()]


@pytest.mark.soak
@pytest.mark.parametrize("host", ["batching_host", "exchange_like_host"])
def test_three_hundred_deaths_lose_and_double_nothing(
    request: pytest.FixtureRequest, host: str, old_box: Box, tmp_path: Path
) -> None:
    rng = random.Random(host)  # noqa: S311
    new_box = Box(request.getfixturevalue(host), old_box.user)
    old_box.put("INBOX", *(letter(number, 2500) for number in range(1200)), *[letter(7, 2500)] * 5)
    old_box.put("Archives/2019", *(letter(number, 30_000) for number in range(2000, 2100)))
    expected = {folder: old_box.contents(folder) for folder in ("INBOX", "Archives/2019")}
    deaths = rounds = 0
    while deaths < DEATHS // 2:
        rounds += 1
        ledger = tmp_path / f"{rounds}.sqlite"
        done = False
        while not done:
            running = start_copy(old_box, new_box, ledger)
            try:
                done = running.wait(timeout=rng.uniform(0.25, 1.6)) == 0
            except subprocess.TimeoutExpired:
                deaths += 1
                victim = rng.choice(["copier", "copier", "old", "new"])
                if victim == "copier":
                    running.kill()
                else:
                    box = old_box if victim == "old" else new_box
                    for pid in sessions(box.host, box.user)[:1]:
                        os.kill(pid, signal.SIGKILL)
                    done = running.wait(timeout=120) == 0
                running.wait()
        for folder, messages in expected.items():
            assert new_box.contents(folder) == messages, (folder, rounds, deaths)
        new_box.host.forget(new_box.user)
