"""A folder of federation files before an outside world, and the command in processes that may be killed."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.proofs.outside import Outside
from tests.scenarios.stage import copy_settings

from reconcile.state.journal.replay import replay
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.folder import FolderStore

ROOT = Path(__file__).resolve().parents[2]


class Forks:
    """The process that forks the command, for a whole session of tests."""

    def __init__(self) -> None:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("RECONCILE_", "CI", "GITHUB"))
        }
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("forking.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**kept, "RECONCILE_SANDBOX": "1", "NO_COLOR": "1", "COLUMNS": "160"},
        )

    def start(self, folder: Path, words: tuple[str, ...], output: Path, kill: Mapping[str, Any] | None) -> int:
        order = {"folder": str(folder), "words": words, "output": str(output), "kill": kill}
        return self._ask({"start": order})

    def wait(self, process: int) -> int:
        """Its exit code; the signal that killed it, negative."""
        return self._ask({"wait": process})

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _ask(self, request: Mapping[str, Any]) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@dataclasses.dataclass(frozen=True)
class Project:
    """One folder, its world, and the command."""

    folder: Path
    outside: Outside
    forks: Forks

    @classmethod
    def before(cls, outside: Outside, forks: Forks) -> Project:
        folder = outside.folder
        (folder / "federations").mkdir()
        copy_settings(folder)
        return cls(folder, outside, forks)

    def write(self, slug: str, text: str) -> None:
        (self.folder / "federations" / f"{slug}.yaml").write_text(text, encoding="utf-8")

    def run(self, *words: str, kill: Mapping[str, Any] | None = None, expect: int | None = 0) -> str:
        """What the command said, held to its exit code."""
        code, said = self.attempt(*words, kill=kill)
        assert expect is None or code == expect, f"{words}: {code}\n{said}"
        return said

    def attempt(self, *words: str, kill: Mapping[str, Any] | None = None) -> tuple[int, str]:
        """The exit code, whatever it is, and what the command said."""
        output = self.folder / ".said"
        code = self.forks.wait(self.forks.start(self.folder, words, output, kill))
        said = output.read_text(encoding="utf-8")
        assert "Traceback" not in said, said
        return code, said

    def run_and_kill(self, *words: str, after: float) -> bool:
        """Kill the command ``after`` seconds from its first line in the journal; whether it was still alive then."""
        known = set(self.journals())
        process = self.forks.start(self.folder, words, self.folder / ".said", None)
        deadline = time.monotonic() + 60
        while not any(path.stat().st_size for path in set(self.journals()) - known):
            if time.monotonic() > deadline or _ended(process):
                break
            time.sleep(0.0005)
        time.sleep(after)
        alive = not _ended(process)
        os.kill(process, signal.SIGKILL)
        self.forks.wait(process)
        return alive

    def journals(self) -> list[Path]:
        return sorted((self.folder / "spfstate" / "runs").glob("*.jsonl"))

    def records(self, slug: str) -> dict[str, dict[str, Any]]:
        """What the state knows, snapshot and journals: address → fields; without the ids, which each tenant draws."""
        state = self.folder / "spfstate"
        snapshot, _ = replay(FolderStore(state).read(slug) or Snapshot(slug, ""), state / "runs")
        drawn = {"copy": {"mailbox"}}
        return {
            str(address): {
                name: value for name, value in record.fields.items() if name not in drawn.get(address.kind, ())
            }
            for address, record in snapshot.records.items()
        }

    def copies(self) -> list[tuple[str, ...]]:
        """The copies asked for: key, source, login, destination, folder, and whether cancelled."""
        import sqlite3

        database = sqlite3.connect(self.folder / "spfstate" / "copies" / "queue.sqlite")
        try:
            rows = database.execute(
                "SELECT key, source, login, destination, folder, state='cancelled' FROM job ORDER BY key"
            ).fetchall()
        finally:
            database.close()
        return rows


def _ended(process: int) -> bool:
    """Whether it is a zombie, which nobody has waited for yet."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"
