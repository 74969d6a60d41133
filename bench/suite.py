"""The test suite beside itself as it was: ``make bench-suite``.

Checks out the commit from before the suite ran on every core, in a folder of its own with an environment of its own,
and runs ``make test`` there and here, one after the other, on the same machine. Its last line is one JSON object:

- ``suite_wall_s``: seconds of our ``make test``;
- ``suite_wall_vs_before``: seconds of the earlier one ÷ ours; above 1 we take less.

Setting up and the first, cold run of the linters are not counted, here or there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Of 25 November 2026: every test one after the other.
BEFORE = "6ca57da"
#: Beside the clone, out of its linters' sight.
FOLDER = ROOT.parent / f".{ROOT.name}-suite-before"


def main() -> int:
    if not FOLDER.exists():
        run(["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(FOLDER)], ROOT)
    run(["git", "checkout", "--quiet", "--detach", BEFORE], FOLDER)
    walls = {}
    for name, folder in (("before", FOLDER), ("now", ROOT)):
        run(["make", "lint"], folder)
        print(f"bench-suite: {name}: make test in {folder}", file=sys.stderr)
        began = time.monotonic()
        run(["make", "test"], folder)
        walls[name] = time.monotonic() - began
        print(f"bench-suite: {name}: {walls[name]:.0f} s", file=sys.stderr)
    ratio = walls["before"] / walls["now"]
    print(json.dumps({"suite_wall_s": round(walls["now"], 1), "suite_wall_vs_before": round(ratio, 2)}))
    return 0


def run(command: list[str], folder: Path) -> None:
    """Raises CalledProcessError when it fails: a suite that is red has no duration."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    subprocess.run(command, cwd=folder, env=environment, stdout=sys.stderr, check=True)


if __name__ == "__main__":
    sys.exit(main())
