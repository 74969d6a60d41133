"""``python -m bench.file``: whole processes beside the bare libraries, a table, and one line of JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.engine.cost import Cost, best, cost_of
from bench.file.federation import cells_of, complete, write_project

_ROOT = Path(__file__).resolve().parents[2]
_RECONCILE = str(Path(sys.executable).with_name("reconcile"))
_BARE = [sys.executable, "-m", "bench.file.bare"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.file", description=__doc__)
    parser.add_argument("--addresses", type=int, default=300, help="of the one federation")
    parser.add_argument("--files", type=int, default=100, help="returned in one command, of 30 addresses each")
    parser.add_argument("--runs", type=int, default=3, help="of each; the least of each figure is kept")
    wish = parser.parse_args()
    _say(f"{wish.addresses} addresses, {os.cpu_count()} cores, {platform.platform()}")
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as name:
        folder = Path(name)
        costs = _one(folder / "one", wish.addresses, wish.runs) | _many(folder / "many", wish.files)
    for label, cost in costs.items():
        _say(f"{label:<40}{cost.wall:7.2f} s wall {cost.cpu:7.2f} s CPU {cost.rss:6.0f} MB")
    out, back, many = costs["sheet out"], costs["sheet in"], costs["sheet in, many files"]
    figures = {
        "sheet_out_over_plain": out.cpu / costs["XlsxWriter, the same cells bare"].cpu,
        "sheet_in_over_plain": back.cpu / costs["openpyxl, loading it bare"].cpu,
        "sheet_in_over_values": back.cpu / costs["calamine, its values alone"].cpu,
        "sheet_in_100_mb": many.rss,
        "sheet_in_100_cpu_s": many.cpu,
    }
    print(json.dumps({key: round(figure, 2) for key, figure in figures.items()}))


def _one(project: Path, addresses: int, runs: int) -> dict[str, Cost]:
    """A federation's workbook out, completed, and back, each run from where the first began."""
    write_project(project, "spfb00", addresses)
    environment = _environment(project)
    out = ["sheet", "out", "spfb00"]
    made, back, cells = project / "sheets" / "spfb00-adresses-v1.xlsx", project / "back.xlsx", project / "cells.json"
    costs = {"sheet out": _best([_RECONCILE, *out], project, environment, runs)[0]}
    complete(made, back)
    cells_of(made, cells)
    costs["sheet in"], said = _best([_RECONCILE, "sheet", "in", "back.xlsx"], project, environment, runs, (0, 3))
    found = re.search(r"\d+ decisions.*", said)
    if found is None:
        raise RuntimeError(f"nothing was understood:\n{said[-2000:]}")
    _say(f"read back: {found[0]}")
    peers = {
        "XlsxWriter, the same cells bare": ["write", str(cells), str(project / "bare.xlsx")],
        "openpyxl, loading it bare": ["load", str(back)],
        "calamine, its values alone": ["values", str(back)],
    }
    return costs | {label: _best([*_BARE, *rest], project, environment, runs)[0] for label, rest in peers.items()}


def _many(project: Path, files: int) -> dict[str, Cost]:
    """That many answers in one command."""
    slugs = [f"spfb{number:02d}" for number in range(files)]
    for slug in slugs:
        write_project(project, slug, 30)
    environment = _environment(project)
    cost_of([_RECONCILE, "sheet", "out", *slugs], project, environment)
    for slug in slugs:
        complete(project / "sheets" / f"{slug}-adresses-v1.xlsx", project / f"{slug}.xlsx")
    command = [_RECONCILE, "sheet", "in", *(f"{slug}.xlsx" for slug in slugs)]
    return {"sheet in, many files": cost_of(command, project, environment, (0, 3))[0]}


def _best(
    command: Sequence[str], folder: Path, environment: dict[str, str], runs: int, ends: tuple[int, ...] = (0,)
) -> tuple[Cost, str]:
    told = [cost_of(command, folder, environment, ends) for _ in range(runs)]
    return best([cost for cost, _ in told]), told[-1][1]


def _environment(project: Path) -> dict[str, str]:
    (project / "reconcile.toml").write_text((_ROOT / "reconcile.toml").read_text(encoding="utf-8"), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILE_")}
    return {**kept, "PYTHONPATH": str(_ROOT)}


def _say(line: str) -> None:
    print(line, file=sys.stderr)


if __name__ == "__main__":
    main()
