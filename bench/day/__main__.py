"""The eve of a batch, from before the lock to the last switch, by the command that carries it: how long, at what cost.

Run with ``make bench-day``; ``--federations`` and ``--mailboxes`` change the size. The sandbox's tenant is the
realistic one, its old host is real. Prints one line of JSON last.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import datetime as dt
import json
import os
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from tests.scenarios.whole_day.figures import ended
from tests.scenarios.whole_day.network import Network, Size, boxes, network_in

#: Graph's writes: a burst, then so many a second (3 000 in 150 s); two of a person's account come before its licence's
#: mailbox, which the realistic tenant makes in so many seconds.
BURST, RATE, WRITES, PROVISIONING = 3000, 20.0, 2, 420.0
#: What the old MX lives on in caches, once its life was shortened.
SHORT_TTL = 300.0


class Watch:
    """What the sandbox's clock showed at each moment of ours: it flows as ours does, and leaps where somebody waits."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._seen: list[tuple[float, dt.datetime]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def ours(self, begin: dt.datetime, end: dt.datetime) -> float:
        """Seconds of our own between two of its moments."""
        before = next((mine for mine, its in self._seen if its >= begin), 0.0)
        after = next((mine for mine, its in self._seen if its >= end), self._seen[-1][0])
        return max(0.0, after - before)

    def _watch(self) -> None:
        while not self._over.wait(0.2):
            self._seen.append((time.monotonic(), self._network.clock.now()))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--federations", type=int, default=40)
    options.add_argument("--mailboxes", type=int, default=50)
    asked = options.parse_args()
    size = Size(asked.federations, asked.mailboxes, 0)
    with tempfile.TemporaryDirectory() as folder, network_in(Path(folder), size, "--tenant", "realistic") as network:
        print(json.dumps(measured(network)))


def measured(network: Network) -> dict[str, Any]:
    network.apply(times=2)
    network.come(-7, "18:05")
    network.apply(times=2)
    network.come(-1, "15:58")
    forecast = json.loads(network.stage.run("batches", "forecast", str(network.day), "--json", expect=0).out)
    with Watch(network) as watch:
        code, seconds, cost = carried(network)
    journals = network.stage.journals()
    lock, eve, end = network.at(-1, "16:00"), network.at(-1, "18:00"), network.at(0, "00:00")
    locked = ended(journals, "lock", before=eve)
    switched = ended(journals, "dns", ".org/MX", before=end)
    last = max(switched.values())
    # The sandbox's clock flows along with this machine's: what it computed meanwhile is told, and no part of the day.
    computing = watch.ours(eve, last)
    waited = (last - eve).total_seconds() - computing
    least = floor(network.size)
    expected = {one["federation"]: since(eve, one["switched"]) for one in forecast["federations"]}
    return {
        "federations": network.size.federations,
        "mailboxes": network.size.mailboxes,
        "exit_code": code,
        "locked": len(locked),
        "switched": len(switched),
        "locks_40_s": round((max(locked.values()) - lock).total_seconds(), 1),
        "day_virtual_s": round(waited + SHORT_TTL),
        "day_floor_s": round(least),
        "day_virtual_s_over_floor": round((waited + SHORT_TTL) / least, 3),
        "day_computing_s": round(computing),
        "day_cpu_s": round(cost.ru_utime + cost.ru_stime, 1),
        "day_wall_s": round(seconds, 1),
        "day_peak_mb": round(cost.ru_maxrss / 1024),
        "forecast_s": round(max(expected.values())),
        "forecast_error": round(abs(waited / max(expected.values()) - 1), 3),
    }


def carried(network: Network) -> tuple[int, float, Any]:
    """``reconcile day``: its exit code, its seconds, and what it used."""
    began = time.monotonic()
    process = network.stage.start("day", network.day.isoformat())
    assert process.stdout is not None
    with concurrent.futures.ThreadPoolExecutor(1) as reader:
        reader.submit(process.stdout.read)
        _, status, cost = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, time.monotonic() - began, cost


def floor(size: Size) -> float:
    """The least that quotas, provisioning and the life of the old MX allow, in seconds from the cutover."""
    people = size.federations * sum(not one.startswith("service") for one in boxes("01", size))
    return PROVISIONING + max(0.0, (WRITES * people - BURST) / RATE) + SHORT_TTL


def since(moment: dt.datetime, iso: str) -> float:
    return (dt.datetime.fromisoformat(iso) - moment).total_seconds()


if __name__ == "__main__":
    main()
