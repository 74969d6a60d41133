"""``python -m bench.copy [KEY…] [--rounds N]``: the comparisons (peer's time ÷ ours) beside their goals.

The last line is one JSON object, key → figure.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Collection, Iterator

from bench.copy.cases import CASES, IMAPSYNC_CASES, Case, compare, forty_boxes, memory_of, ratio, second_pass
from bench.copy.command import first_message, forty_command, staying
from bench.copy.peers import Result, warm_up

#: Messages of the mailboxes whose copy's memory is measured, and MB of the single giant.
BIG, GIANT = (5_000, 50_000, 500_000), 150
Figure = tuple[str, float, float, str]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.copy")
    parser.add_argument("keys", nargs="*", help="which figures; all by default")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if not shutil.which("mbsync"):
        print("mbsync is missing: apt-get install isync", file=sys.stderr)
        return 1
    warm_up()
    found, missed = {}, 0
    for key, value, goal, detail in _figures(options.keys, options.rounds):
        missed += value > goal if key in AT_MOST else value < goal
        sign = "≤" if key in AT_MOST else "≥"
        print(f"{key:34} {value:7.2f}  goal {sign} {goal:<5} {detail} (load {os.getloadavg()[0]:.1f})", flush=True)
        found[key] = round(value, 3)
    print("every goal met" if not missed else f"{missed} below the goal")
    print(json.dumps(found))
    return 0


AT_MOST = ("peak_mb", "noop_100k_s", "noop_100k_mb", "worker_64_mb", "stay_mb", "stay_cpu_percent")


def _figures(keys: Collection[str], rounds: int) -> Iterator[Figure]:
    """Key, figure, goal and what it comes from, as they are found."""

    def wanted(*names: str) -> bool:
        return not keys or bool(set(names) & set(keys))

    for case in CASES:
        if wanted(case.key):
            yield _compared(case, compare(case, rounds), _seconds)
    for case in IMAPSYNC_CASES if os.environ.get("IMAPSYNC") else ():
        also = "cpu_vs_imapsync" if case.key.startswith("small") else ""
        if wanted(case.key, also):
            runs = compare(case, rounds)
            yield _compared(case, runs, _seconds)
            if also:
                yield (also, *_compared(case, runs, lambda run: run.cpu)[1:])
    if wanted("noop_100k_s", "noop_100k_mb"):
        second = second_pass(100_000)[1]
        yield "noop_100k_s", second.seconds, 1.0, "a second pass"
        yield "noop_100k_mb", second.memory, 64, "a second pass"
    if wanted("peak_mb"):
        held = {f"{amount:,}": memory_of("big", amount) for amount in BIG} | {"one giant": memory_of("giant", GIANT)}
        yield "peak_mb", max(held.values()), 100, ", ".join(f"{name}: {value:.0f}" for name, value in held.items())
    if wanted("first_message_vs_before"):
        taken = {name: statistics.median(seconds) for name, seconds in first_message(max(3, rounds)).items()}
        detail = f"before {taken['before']:.2f} s, now {taken['now']:.2f} s"
        yield "first_message_vs_before", taken["before"] / taken["now"], 3, detail
    if wanted("forty_command_vs_mbsync"):
        runs = forty_command(40, rounds)
        yield "forty_command_vs_mbsync", ratio(runs, "mbsync", _seconds), 2, _each(runs, _seconds)
    if wanted("worker_64_mb"):
        (run,) = forty_command(64, 1, peer=False)["ours"]
        yield "worker_64_mb", run.memory, 160, "64 mailboxes under way"
    if wanted("stay_mb", "stay_cpu_percent"):
        held, share = staying()
        yield "stay_mb", held, 70, "a service with nothing to do"
        yield "stay_cpu_percent", 100 * share, 1, "of one core"
    if wanted("forty_boxes_vs_limit"):
        theirs, mine = forty_boxes(40, rounds)
        runs = {"dsync": theirs, "ours": mine}
        yield "forty_boxes_vs_limit", ratio(runs, "dsync", _seconds), 0.8, _each(runs, _seconds)


def _compared(case: Case, runs: dict[str, list[Result]], figure: Callable[[Result], float]) -> Figure:
    return case.key, ratio(runs, case.peer, figure), case.goal, _each(runs, figure)


def _each(runs: dict[str, list[Result]], figure: Callable[[Result], float]) -> str:
    return ", ".join(
        f"{name} {statistics.median(map(figure, results)):.2f} s ({min(map(figure, results)):.2f}-"
        f"{max(map(figure, results)):.2f})"
        for name, results in runs.items()
    )


def _seconds(run: Result) -> float:
    return run.seconds


if __name__ == "__main__":
    sys.exit(main())
