"""The test suite beside itself as it was: ``make bench-suite``.

Checks out the commit from before the suite ran on every core, in a folder of its own with an environment of its own,
and runs ``make test`` there and here, one after the other, on the same machine; here with the tests alone that were
there by then, known by their functions' names, for files have moved and many tests have come. Its last line is one JSON
object:

- ``same_tests``: how many test functions both have, of ``tests_before``;
- ``suite_wall_s``: seconds of our ``make test`` with these;
- ``suite_wall_vs_before``: seconds of the earlier one ÷ ours; above 1 we take less.

Setting up and the first, cold run of the linters are not counted, here or there.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from bench.same_tests import NAMES

ROOT = Path(__file__).resolve().parents[1]
#: Of 25 November 2026: every test one after the other.
BEFORE = "6ca57da"
#: Beside the clone, out of its linters' sight.
FOLDER = ROOT.parent / f".{ROOT.name}-suite-before"


def main() -> int:
    if not FOLDER.exists():
        run(["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(FOLDER)], ROOT)
    run(["git", "checkout", "--quiet", "--detach", BEFORE], FOLDER)
    before, now = tests_of(FOLDER), tests_of(ROOT)
    same = FOLDER.with_suffix(".tests")
    same.write_text("\n".join(sorted(before & now)), encoding="utf-8")
    chosen = {"PYTEST_ADDOPTS": "-p bench.same_tests", "PYTHONPATH": str(ROOT), NAMES: str(same)}
    walls = {"before": seconds(FOLDER, {}), "now": seconds(ROOT, chosen)}
    figures = {
        "tests_before": len(before),
        "same_tests": len(before & now),
        "suite_wall_s": round(walls["now"], 1),
        "suite_wall_vs_before": round(walls["before"] / walls["now"], 2),
    }
    print(json.dumps(figures))
    return 0


def tests_of(folder: Path) -> set[str]:
    """The names of the test functions below the folder's ``tests``."""
    return {
        node.name
        for path in (folder / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def seconds(folder: Path, environment: Mapping[str, str]) -> float:
    """How long ``make test`` takes in the folder, its linters run once before."""
    run(["make", "lint"], folder)
    print(f"bench-suite: make test in {folder}", file=sys.stderr)
    began = time.monotonic()
    run(["make", "test"], folder, environment)
    took = time.monotonic() - began
    print(f"bench-suite: {took:.0f} s", file=sys.stderr)
    return took


def run(command: list[str], folder: Path, chosen: Mapping[str, str] | None = None) -> None:
    """Raises CalledProcessError when it fails: a suite that is red has no duration."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    environment |= chosen or {}
    subprocess.run(command, cwd=folder, env=environment, stdout=sys.stderr, check=True)


if __name__ == "__main__":
    sys.exit(main())
