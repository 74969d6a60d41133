"""The list of copies with many mailboxes queued, workers side by side, ten times the tenant: one line of JSON."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.before import BEFORE, ROOT, environment, sources
from bench.scale.model import Measured, million
from bench.scale.tenfold import tenfold
from bench.scale.workers import Run, measure
from tests.postgresql import Cluster, postgresql

TEAMS = (1, 4, 8)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--mailboxes", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=50, help="Mailboxes admitted in each run.")
    parser.add_argument("--runs", type=int, default=3, help="The medians of so many runs are divided.")
    parser.add_argument("--before", default=BEFORE, help="The commit to compare with.")
    parser.add_argument("--only", choices=("queue", "workers", "tenant"), help="One of the parts.")
    parser.add_argument("--picture", type=Path, help="An SVG of processor seconds by mailboxes of a tenant.")
    wish = parser.parse_args()
    figures: dict[str, float] = {}
    with postgresql() as cluster:
        if wish.only in (None, "queue"):
            figures |= _queue(cluster, wish)
        if wish.only in (None, "workers"):
            found = measure(cluster, TEAMS, wish.runs)
            figures |= _workers(found)
            if not wish.only:
                one = found[1]
                claim = figures["admit_ms"] / 1000
                figures |= million(Measured(one.rate, one.cpu, one.writes, figures["notes_per_s"], claim))
    if wish.only in (None, "tenant"):
        figures |= tenfold(wish.picture)
    print(json.dumps({name: round(one, 3) for name, one in figures.items()}))


def _queue(cluster: Cluster, wish: argparse.Namespace) -> dict[str, float]:
    """Admitting and status, now and before in turn."""
    runs: dict[str, list[dict[str, float]]] = {"before": [], "now": []}
    with sources(wish.before) as found, tempfile.TemporaryDirectory() as compiled:
        for _ in range(wish.runs):
            for name, figures in runs.items():
                module = "bench.scale.queue_before" if name == "before" else "bench.scale.queue"
                words = [cluster.database(), str(wish.mailboxes), str(wish.rounds)]
                done = subprocess.run(
                    [sys.executable, "-m", module, *words],
                    cwd=ROOT,
                    env=environment(found[name], os.environ, Path(compiled) / name),
                    stdout=subprocess.PIPE,
                    check=True,
                )
                figures.append(json.loads(done.stdout))
    now, before = (
        {key: statistics.median(one[key] for one in of) for key in of[0]} for of in (runs["now"], runs["before"])
    )
    ratios = {f"{key.removesuffix('_ms')}_vs_before": before[key] / now[key] for key in before}
    return {"mailboxes": wish.mailboxes} | now | ratios


def _workers(found: dict[int, Run]) -> dict[str, float]:
    one = found[1]
    scale = {f"scale_{team}_workers": run.rate / one.rate for team, run in found.items() if team > 1}
    return scale | {
        "worker_messages_per_s": one.rate,
        "worker_cpu_ms_per_message": 1000 * one.cpu,
        "writes_per_message": max(run.writes for run in found.values()),
    }


if __name__ == "__main__":
    main()
