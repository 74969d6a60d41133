"""Three hundred deaths at random moments: of the copier, of sessions on either host, of either host as a whole."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest
from tests.mailcopy.cutting import CuttingRelay
from tests.mailcopy.dovecot import Dovecot
from tests.mailcopy.post import Box, letter
from tests.mailcopy.test_accidents import start_copy

from reconcile.clock import SystemClock
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.passes import copy_mailbox

DEATHS = int(os.environ.get("DEATHS", "300"))
VICTIMS = ("copier", "copier", "old session", "new session", "new session", "new session", "old host", "new host")


def sessions(host: Dovecot, user: str) -> list[int]:
    """The processes that serve a user's connections."""
    listed = subprocess.run(
        [host.doveadm, "-f", "tab", "-c", str(host.configuration), "who", user], capture_output=True, text=True
    ).stdout.splitlines()[1:]
    return [int(pid) for line in listed for pid in line.split("\t")[3].strip("()").split() if pid.isdigit()]


def strike(victim: str, host: Dovecot, user: str, rng: random.Random) -> None:
    """Kill one of the host's sessions, or the host, which comes back."""
    if victim.endswith("host"):
        host.stop()
        host.start()
    elif found := sessions(host, user):
        with contextlib.suppress(ProcessLookupError):
            os.kill(rng.choice(found), signal.SIGKILL)


def copy_through(old_box: Box, new_box: Box, ledger: Path, deaths: int, rng: random.Random) -> None:
    """One mailbox copied while so many deaths happen, then left in peace until it is done."""
    running = None
    while True:
        running = running or start_copy(old_box, new_box, ledger)
        try:
            if running.wait(timeout=rng.uniform(0.15, 0.7) if deaths else 120) == 0:
                return
            running = None
        except subprocess.TimeoutExpired:
            assert deaths, "the copy hangs"
            deaths -= 1
            victim = rng.choice(VICTIMS)
            if victim == "copier":
                running.kill()
                running.wait()
                running = None
            else:
                strike(victim, (old_box if victim.startswith("old") else new_box).host, old_box.user, rng)


@pytest.mark.soak
@pytest.mark.parametrize("host", ["batching_host", "exchange_like_host"])
def test_three_hundred_deaths_lose_and_double_nothing(
    request: pytest.FixtureRequest, host: str, old_box: Box, tmp_path: Path
) -> None:
    rng = random.Random(f"{host}{os.environ.get('SEED', '')}")  # noqa: S311
    new_box = Box(request.getfixturevalue(host), old_box.user)
    old_box.put("INBOX", *(letter(number, 2500) for number in range(1200)), *[letter(7, 2500)] * 5)
    old_box.put("Archives/2019", *(letter(number, 30_000) for number in range(2000, 2100)))
    expected = {folder: old_box.contents(folder) for folder in ("INBOX", "Archives/2019")}
    deaths = rounds = 0
    while deaths < DEATHS // 2:
        rounds += 1
        now = rng.choice((1, 2, 3, 5))
        copy_through(old_box, new_box, tmp_path / f"{rounds}.sqlite", now, rng)
        deaths += now
        for folder, messages in expected.items():
            assert new_box.contents(folder) == messages, (folder, rounds, deaths)
        new_box.host.forget(new_box.user)


@pytest.mark.soak
def test_every_three_hundredth_answer_lost_loses_and_doubles_nothing(
    old_box: Box, new_box: Box, tmp_path: Path
) -> None:
    old_box.put("INBOX", *(letter(number % 1900) for number in range(2000)))
    answers = itertools.count(1)
    often = 10 if new_box.host.name == "batch" else 300  # there an answer stands for a whole batch
    relay = CuttingRelay(new_box.host.port, lambda _: next(answers) % often == 0)
    ledger = Ledger(tmp_path / "ledger.sqlite")
    report = copy_mailbox(old_box.endpoint(), new_box.endpoint(port=relay.port), ledger, SystemClock())
    relay.close()
    assert report.complete
    assert relay.cuts
    assert new_box.contents("INBOX") == old_box.contents("INBOX")
