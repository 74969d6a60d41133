"""``python -m bench.copy [KEY…] [--rounds N]``: run the comparisons and print ratios (peer's time ÷ ours) and goals."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from pathlib import Path

from bench.copy.cases import CASES, compare, endurance

LIMITS = {"peak_mb": 100, "noop_100k_s": 1.0, "noop_100k_mb": 64}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.copy")
    parser.add_argument("keys", nargs="*", help="which comparisons; all by default")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=100_000, help="of the big mailbox")
    parser.add_argument("--out", type=Path, help="write every figure to this file, as JSON")
    options = parser.parse_args()
    if not shutil.which("mbsync"):
        print("mbsync is missing: apt-get install isync", file=sys.stderr)
        return 1
    figures: dict[str, object] = {"machine": platform.processor() or platform.machine(), "cpus": os.cpu_count()}
    missed = 0
    for case in CASES:
        if options.keys and case.key not in options.keys:
            continue
        ratio, runs = compare(case, options.rounds)
        detail = ", ".join(
            f"{name} " + "/".join(f"{run.seconds:.2f}" for run in results) + " s" for name, results in runs.items()
        )
        missed += ratio < case.goal
        load = os.getloadavg()[0]
        print(f"{case.key:34} {ratio:6.2f}  goal ≥ {case.goal:<5} {detail} (load {load:.1f})", flush=True)
        figures[case.key] = {"ratio": ratio, "goal": case.goal, "load": load, "runs": _plain(runs)}
    if not options.keys or set(options.keys) & set(LIMITS):
        for key, value in endurance(options.messages, 150).items():
            missed += value > LIMITS[key]
            print(f"{key:34} {value:6.2f}  goal ≤ {LIMITS[key]:<5} ({options.messages} messages)", flush=True)
            figures[key] = {"value": value, "goal": LIMITS[key], "messages": options.messages}
    if options.out:
        options.out.write_text(json.dumps(figures, indent=2) + "\n")
    print("every goal met" if not missed else f"{missed} below the goal")
    return 0


def _plain(runs: dict[str, list[object]]) -> dict[str, list[list[float]]]:
    return {name: [[run.seconds, run.cpu, run.memory] for run in results] for name, results in runs.items()}  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
