"""The list of copies on PostgreSQL with many mailboxes queued, beside the tool as it was before."""

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
from tests.postgresql import postgresql


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mailboxes", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=50, help="Mailboxes admitted in each run.")
    parser.add_argument("--runs", type=int, default=3, help="The medians of so many runs are divided.")
    parser.add_argument("--before", default=BEFORE, help="The commit to compare with.")
    chosen = parser.parse_args()
    runs: dict[str, list[dict[str, float]]] = {"before": [], "now": []}
    with postgresql() as cluster, sources(chosen.before) as found, tempfile.TemporaryDirectory() as compiled:
        for _ in range(chosen.runs):
            for name, figures in runs.items():
                module = "bench.scale.queue_before" if name == "before" else "bench.scale.queue"
                words = [cluster.database(), str(chosen.mailboxes), str(chosen.rounds)]
                done = subprocess.run(
                    [sys.executable, "-m", module, *words],
                    cwd=ROOT,
                    env=environment(found[name], os.environ, Path(compiled) / name),
                    stdout=subprocess.PIPE,
                    check=True,
                )
                figures.append(json.loads(done.stdout))
    reported: dict[str, float] = {"mailboxes": chosen.mailboxes}
    for key in ("admit_ms", "status_ms"):
        before, now = (statistics.median(one[key] for one in runs[name]) for name in ("before", "now"))
        reported |= {key: round(now, 2), f"{key.removesuffix('_ms')}_vs_before": round(before / now, 2)}
    print(json.dumps(reported))


if __name__ == "__main__":
    main()
