"""``python -m bench.engine``: the peers side by side, a table, and one line of JSON."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.before import BEFORE, sources
from bench.engine.cost import Cost, best, cost_of
from bench.engine.federations import write_federations
from bench.engine.few import measure_few
from bench.engine.floor import floor
from bench.engine.start import measure_start
from bench.engine.tenant import DNS_SECRET
from bench.engine.terraform import terraform_here

_ROOT = Path(__file__).resolve().parents[2]
_PLAN = [str(Path(sys.executable).with_name("reconcile")), "plan", "--out", "plans/bench.json"]
_OURS, _OURS_LATER = "reconcile plan", "reconcile plan, all copies done"
_THEIRS, _THEIRS_ANEW = "terraform plan, nothing to do", "terraform plan, all to create"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.engine", description=__doc__)
    parser.add_argument("--federations", type=int, default=100)
    parser.add_argument("--boxes", type=int, default=100, help="mailboxes of each federation")
    parser.add_argument("--runs", type=int, default=2, help="of each plan; the least of each figure is kept")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before every HTTPS answer")
    parser.add_argument("--no-peer", action="store_true", help="leave terraform out")
    parser.add_argument("--before", default=BEFORE, help="the commit a few plans and the start are compared with")
    parser.add_argument("--only", choices=("few", "start"), help="one of the parts that are compared with a commit")
    wish = parser.parse_args()
    _say(f"{wish.federations} federations of {wish.boxes} mailboxes, {os.cpu_count()} cores, {platform.platform()}")
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="reconcile-bench-") as name:
        folder = Path(name)
        if wish.only != "start":
            write_federations(folder / "project" / "federations", wish.federations, wish.boxes)
        costs = {} if wish.only else _ours(folder / "project", wish, figures)
        if not (wish.only or wish.no_peer):
            costs |= _theirs(folder / "terraform", wish, figures)
        if not wish.only:
            _alone(folder / "project", figures)
        _beside_before(folder, wish, figures)
    if costs:
        _compare(costs, figures)
        _show(costs, figures)
    print(json.dumps({name: round(one, 3) if isinstance(one, float) else one for name, one in figures.items()}))


def _ours(project: Path, wish: argparse.Namespace, figures: dict[str, Any]) -> dict[str, Cost]:
    """The whole command against the far tenant: with every copy still to do, then with every copy done."""
    shared = wish.federations * (wish.boxes - wish.boxes * 85 // 100)
    people = wish.federations * wish.boxes - shared
    found = {}
    with _world(project, wish.latency) as world:
        for label, state, suffix in ((_OURS, "queued", ""), (_OURS_LATER, "done", "_copies_done")):
            _set_copies(project, state)
            costs = []
            for number in range(wish.runs):
                _say(f"{label}: run {number + 1}")
                world.requests()
                costs.append(cost_of(_PLAN, project, world.environment)[0])
                asked = world.requests()
                _check(project, wish.federations)
            found[label] = best(costs)
            least = floor(wish.federations, people, shared, copies_pending=state == "queued")
            figures[f"requests{suffix}"] = sum(asked.values())
            figures[f"requests_floor{suffix}"] = least
            figures[f"requests_over_floor{suffix}"] = sum(asked.values()) / least
            figures[f"requests_by_purpose{suffix}"] = asked
    return found


def _beside_before(folder: Path, wish: argparse.Namespace, figures: dict[str, Any]) -> None:
    """A plan of one federation and of its DNS, and the start, beside the commit from before."""
    with sources(wish.before) as found:
        if wish.only != "start":
            project = folder / "project"
            with _world(project, wish.latency) as world:
                _set_copies(project, "queued")
                _say("one federation, then its DNS alone, before and now")
                figures |= measure_few(project, world.environment, found, world.requests, max(3, wish.runs))
        if wish.only != "few":
            _say("the start, before and now")
            figures |= measure_start(folder / "start", found, 15)


def _check(project: Path, drifted: int) -> None:
    """The plan just made says what is known to be so: one mailbox of each federation drifted, and nothing else."""
    told = json.loads((project / "plans" / "bench.json").read_text(encoding="utf-8"))
    if (told["summary"]["update"], len(told["changes"]), told["blocked"]) != (drifted, drifted, []):
        raise RuntimeError(f"the plan is not what the world was made for: {told['summary']}")


class _World:
    """The process that serves the tenant and DNS."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        told = self._line()
        self.environment = {
            **os.environ, "RECONCILE_CLIENT_SECRET": told["secret"], "RECONCILE_DNS_KEY": DNS_SECRET, "NO_COLOR": "1"
        }  # fmt: skip

    def requests(self) -> dict[str, int]:
        """How many requests came since this was last asked, by purpose."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return self._line()

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the world ended too early; see above")
        told: dict[str, Any] = json.loads(line)
        return told


@contextlib.contextmanager
def _world(project: Path, latency: float) -> Iterator[_World]:
    _say("filling the tenant")
    command = [sys.executable, "-m", "bench.engine.tenant", str(project), str(latency)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=_ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        try:
            yield _World(process)
        finally:
            process.terminate()


def _set_copies(project: Path, state: str) -> None:
    with contextlib.closing(sqlite3.connect(project / "spfstate" / "copies" / "queue.sqlite")) as database:
        database.execute("UPDATE job SET state=?", (state,))
        database.commit()


def _theirs(folder: Path, wish: argparse.Namespace, figures: dict[str, Any]) -> dict[str, Cost]:
    """Terraform's plans, as often as ours; nothing, said aloud, when it is not on PATH."""
    peer = terraform_here(folder)
    if peer is None:
        _say("terraform is not on PATH: nothing to compare with")
        return {}
    figures["terraform_version"] = peer.version
    _say(f"terraform {peer.version}: making its state")
    peer.prepare(wish.federations * wish.boxes)
    found = {}
    for label, plan in ((_THEIRS, peer.plan_of_nothing), (_THEIRS_ANEW, peer.plan_of_everything)):
        costs = []
        for number in range(wish.runs):
            _say(f"{label}: run {number + 1}")
            costs.append(plan())
        found[label] = best(costs)
    return found


def _alone(project: Path, figures: dict[str, Any]) -> None:
    """The engine without any service, each task in a process of its own."""
    tasks = {"engine_cpu_s": ("plan", str(project))}
    tasks |= {f"apply_cpu_s_{thousands}k": ("apply", f"{thousands}000") for thousands in (1, 5, 10)}
    for name, task in tasks.items():
        _say(name)
        command = [sys.executable, "-m", "bench.engine.alone", *task]
        told = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)
        figures[name] = float(told.stdout)


def _compare(costs: dict[str, Cost], figures: dict[str, Any]) -> None:
    """Every cost under its own key, and the ratios: peer ÷ ours, so that more is better for us."""
    names = {_OURS: "plan", _OURS_LATER: "plan_copies_done", _THEIRS: "terraform", _THEIRS_ANEW: "terraform_anew"}
    for label, cost in costs.items():
        figures |= {
            f"{names[label]}_wall_s": cost.wall, f"{names[label]}_cpu_s": cost.cpu, f"{names[label]}_rss_mb": cost.rss
        }  # fmt: skip
    if _THEIRS not in costs:
        return
    for ours, key in ((_OURS, ""), (_OURS_LATER, "_copies_done")):
        figures |= {
            f"plan{key}_wall_vs_terraform": costs[_THEIRS].wall / costs[ours].wall,
            f"plan{key}_cpu_vs_terraform": costs[_THEIRS].cpu / costs[ours].cpu,
            f"plan{key}_rss_vs_terraform": costs[_THEIRS].rss / costs[ours].rss,
        }


def _show(costs: dict[str, Cost], figures: dict[str, Any]) -> None:
    print(f"\n{'':34}{'wall s':>9}{'CPU s':>9}{'MB':>9}")
    for label, cost in costs.items():
        print(f"{label:34}{cost.wall:9.1f}{cost.cpu:9.1f}{cost.rss:9.0f}")
    for title, suffix in ((_OURS, ""), (_OURS_LATER, "_copies_done")):
        line = f"{figures[f'requests{suffix}']} requests, floor {figures[f'requests_floor{suffix}']}"
        print(f"{title:34} {line} (× {figures[f'requests_over_floor{suffix}']:.2f})")
        if f"plan{suffix}_wall_vs_terraform" in figures:
            wall, cpu, rss = (figures[f"plan{suffix}_{what}_vs_terraform"] for what in ("wall", "cpu", "rss"))
            print(f"{'':34} terraform needs {wall:.1f} × the time, {cpu:.1f} × the CPU, {rss:.1f} × the memory")
    print(f"{'engine alone, plan file included':34}{'':9}{figures['engine_cpu_s']:9.2f}")
    for thousands in (1, 5, 10):
        print(f"{f'apply of {thousands},000 changes':34}{'':9}{figures[f'apply_cpu_s_{thousands}k']:9.2f}")
    print()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
