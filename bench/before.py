"""The tool as it was at an earlier commit, checked out beside the clone and run with the same libraries."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench.engine.cost import Cost

ROOT = Path(__file__).resolve().parents[1]
#: Of 28 November 2026: before a plan of a few federations read less than a plan of all.
BEFORE = "e2ef305"
#: What starts the command, wherever its source is.
COMMAND = [sys.executable, "-c", "from reconcile.cli.main import main; main()"]


@contextlib.contextmanager
def sources(commit: str = BEFORE) -> Iterator[Mapping[str, Path]]:
    """Two folders to import from: ``before``, at that commit, and ``now``. Raises CalledProcessError for a commit that
    this clone does not have."""
    with tempfile.TemporaryDirectory(prefix="reconcile-before-") as name:
        folder = Path(name) / "tree"
        _git("worktree", "add", "--quiet", "--detach", str(folder), commit)
        try:
            yield {"before": folder / "src", "now": ROOT / "src"}
        finally:
            _git("worktree", "remove", "--force", str(folder))


def environment(source: Path, base: Mapping[str, str], compiled: Path) -> dict[str, str]:
    """The environment of a command that is imported from there, its bytecode kept in ``compiled`` as an installed
    package's is."""
    kept = {name: value for name, value in base.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(source), "PYTHONPYCACHEPREFIX": str(compiled), "NO_COLOR": "1"}


def in_turn(runs: int, measure: Callable[[str], Cost]) -> dict[str, Cost]:
    """``measure`` of before and now in turn, the first of each not counted: the median of each figure."""
    costs: dict[str, list[Cost]] = {"before": [], "now": []}
    for number in range(runs + 1):
        for name, found in costs.items():
            cost = measure(name)
            if number:
                found.append(cost)
    return {name: _median(found) for name, found in costs.items()}


def _median(costs: list[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(cost, field) for cost in costs) for field in ("wall", "cpu", "rss")))


def _git(*words: str) -> None:
    subprocess.run(["git", *words], cwd=ROOT, check=True, stdout=sys.stderr, env=os.environ)
