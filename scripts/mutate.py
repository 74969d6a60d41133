"""How many random small changes the fast tests notice (make mutate): a seeded sample, survivors listed.

    scripts/mutate.py [--sample 42] [--seed 1] [--processes 2] [PACKAGE…]

mutmut's operators make the changes, all but those to the words of a message, which the golden files judge. Each is
tried in a copy of the repository, by the tests of its own package first. Prints each survivor as a difference, then one
line of JSON:
``sample``, ``seed``, ``noticed``, ``noticed_share``. Exits with 1 when less than 85 % were noticed.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import dataclasses
import difflib
import json
import os
import queue
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("planning", "resources", "applying", "state", "config", "views")
WANTED = 0.85
#: Seconds of CPU after which a change is taken for one that never ends, which is noticed too.
PATIENCE = 300
#: When every copied file is said to have been written: what a change is compiled to is never taken for the original's.
LONG_AGO = 1_000_000_000


@dataclasses.dataclass(frozen=True)
class Change:
    """One module with one small change."""

    module: Path
    before: str
    after: str

    def __str__(self) -> str:
        lines = difflib.unified_diff(
            self.before.splitlines(), self.after.splitlines(), str(self.module), str(self.module), lineterm="", n=2
        )
        return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="How many random small changes the fast tests notice.")
    parser.add_argument("--sample", type=int, default=42)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    arguments = parser.parse_args()
    changes = sampled(arguments.packages, arguments.sample, random.Random(arguments.seed))  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="reconcile-mutate-") as folder:
        copies: queue.Queue[Path] = queue.Queue()
        for number in range(arguments.processes):
            copies.put(copied(Path(folder) / str(number)))
        if not passes(copies.queue[0], PACKAGES[0]):
            print("mutate: the tests fail without any change: make test-fast", file=sys.stderr)
            return 2

        def noticed(change: Change) -> bool:
            copy = copies.get()
            try:
                return is_noticed(copy, change)
            finally:
                copies.put(copy)

        survivors = []
        with concurrent.futures.ThreadPoolExecutor(arguments.processes) as pool:
            for number, (change, seen) in enumerate(zip(changes, pool.map(noticed, changes), strict=True), 1):
                print(f"{number}/{len(changes)} {'noticed ' if seen else 'SURVIVED'} {change.module}", file=sys.stderr)
                if not seen:
                    survivors.append(change)
                    print(f"{change}\n", flush=True)
    share = round(1 - len(survivors) / len(changes), 3)
    found = {"sample": len(changes), "seed": arguments.seed, "noticed": len(changes) - len(survivors)}
    print(json.dumps({**found, "noticed_share": share}))
    return 0 if share >= WANTED else 1


def sampled(packages: list[str], size: int, rng: random.Random) -> list[Change]:
    """So many changes: modules by their length, then any change of the module's."""
    modules = [path for package in packages for path in sorted((ROOT / "src" / "reconcile" / package).rglob("*.py"))]
    lengths = [path.read_text(encoding="utf-8").count("\n") for path in modules]
    known: dict[Path, Mutations] = {}
    drawn: dict[tuple[Path, int], None] = {}
    while len(drawn) < size:
        [path] = rng.choices(modules, lengths)
        if path not in known:
            known[path] = mutations_of(path)
        if known[path].count:
            drawn[path, rng.randrange(known[path].count)] = None
    return [
        Change(path.relative_to(ROOT), path.read_text(encoding="utf-8"), known[path].text(number))
        for path, number in drawn
    ]


@dataclasses.dataclass(frozen=True)
class Mutations:
    """What mutmut would do to one module."""

    count: int
    text: Callable[[int], str]


def mutations_of(path: Path) -> Mutations:
    import libcst
    from mutmut.mutation.file_mutation import create_mutations

    module, found, _, _ = create_mutations(str(path), path.read_text(encoding="utf-8"))
    mutations = [one for one in found if not isinstance(one.original_node, libcst.BaseString)]

    def text(number: int) -> str:
        one = mutations[number]
        return cast("libcst.Module", module.deep_replace(one.original_node, one.mutated_node)).code

    return Mutations(len(mutations), text)


def copied(folder: Path) -> Path:
    """What git tracks here, or would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
            os.utime(folder / name, (LONG_AGO, LONG_AGO))
    return folder


def is_noticed(copy: Path, change: Change) -> bool:
    path = copy / change.module
    path.write_text(change.after, encoding="utf-8")
    try:
        return not passes(copy, change.module.parts[2])
    finally:
        path.write_text(change.before, encoding="utf-8")
        os.utime(path, (LONG_AGO, LONG_AGO))


def passes(copy: Path, nearest: str) -> bool:
    """Whether the fast tests pass there, those of one package run first, up to the first failure."""
    folders = [f"tests/{package}" for package in sorted(PACKAGES, key=lambda one: one != nearest)]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "--fast", "-p", "no:xdist", "-p", "no:cacheprovider"]
    ended = subprocess.run(
        [*command, *folders],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy / "src")},
        capture_output=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (PATIENCE, PATIENCE)),
    )
    return ended.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
