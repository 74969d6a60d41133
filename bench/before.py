"""The tool as it was at an earlier commit, checked out beside the clone and run with the same libraries.

Those that only that commit needs are installed beside it.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import re
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
            _install_missing(folder)
            yield {"before": folder / "src", "now": ROOT / "src"}
        finally:
            _git("worktree", "remove", "--force", str(folder))


def _install_missing(tree: Path) -> None:
    """What the commit pins and this environment does not hold, from where its packages come, among its modules."""
    pins = re.split(r"\n(?=[A-Za-z0-9])", (tree / "requirements" / "run.txt").read_text(encoding="utf-8"))
    absent = [pin for pin in pins if not pin.startswith("#") and not _is_installed(pin.partition("==")[0])]
    if absent:
        asked = tree / "absent.txt"
        asked.write_text("\n".join(absent), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        subprocess.run([*pip, "--target", str(tree / "src"), "-r", str(asked)], check=True, stdout=sys.stderr)


def _is_installed(package: str) -> bool:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return bool(importlib.metadata.version(package))
    return False


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
