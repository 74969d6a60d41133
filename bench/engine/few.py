"""A plan of one federation, and of its DNS alone: what they ask and cost beside what they asked and cost before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.before import COMMAND, environment, in_turn
from bench.engine.cost import Cost, cost_of

#: The first of the federations that ``write_federations`` makes.
_ONE = "spfb000"
CASES = {"one": ["plan", _ONE], "target": ["plan", "--target", f"{_ONE}/dns/*"]}


def measure_few(
    project: Path,
    base: Mapping[str, str],
    sources: Mapping[str, Path],
    requests: Callable[[], dict[str, int]],
    runs: int,
) -> dict[str, Any]:
    """Figures of both cases. ``requests`` counts what the tenant was asked since it was called last."""
    figures: dict[str, Any] = {}
    for case, words in CASES.items():
        asked: dict[str, dict[str, int]] = {}

        def run(name: str, words: list[str] = words, asked: dict[str, dict[str, int]] = asked) -> Cost:
            requests()
            compiled = project.parent / "compiled" / name
            # The list of copies is as the tool keeps it now: to an earlier one it may be unknown, which is an error.
            ends = (0,) if name == "now" else (0, 1)
            cost, _ = cost_of([*COMMAND, *words], project, environment(sources[name], base, compiled), ends)
            asked[name] = requests()
            return cost

        costs = in_turn(runs, run)
        before, now = costs["before"], costs["now"]
        figures |= {
            f"{case}_requests": sum(asked["now"].values()),
            f"{case}_requests_before": sum(asked["before"].values()),
            f"{case}_requests_by_purpose": asked["now"],
            f"{case}_wall_s": now.wall,
            f"{case}_cpu_s": now.cpu,
            f"{case}_mb": now.rss,
            f"{case}_wall_vs_before": before.wall / now.wall,
            f"{case}_cpu_vs_before": before.cpu / now.cpu,
        }
    return figures
