"""A folder with federations and a running sandbox, and the command as a postmaster types it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from tests.federations import MEUSE

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from reconcile.cli.main import main; main()"]
#: The command, its death prepared.
DYING = "from tests.proofs.dying import die_at; die_at({}, {!r}); from reconcile.cli.main import main; main()"

SMALL = (
    MEUSE
    + """\
  camille.dupont@spf55.org:
    licence: E3
    legacy_login: k0412
    directory: {last_name: Dupont, first_name: Camille}
  lou.petit@spf55.org:
    licence: E1
    aliases: [lp@spf55.org]
    directory: {last_name: Petit, first_name: Lou}
  contact@spf55.org:
    licence: Partagée
    display_name: Secours populaire – Meuse
    delegates:
      - camille.dupont@spf55.org
      - lou.petit@spf55.org
    directory: {phone: "03 53 01 00 00"}
"""
)


#: What SPF includes for the old host, in reconcile.toml.
FAREWELL = 'spf_include = "_spf.mutualise.example"'


def copy_settings(folder: Path) -> None:
    """The repository's reconcile.toml, but for the SPF farewell to the old host, which takes an apply of its own."""
    text = (ROOT / "reconcile.toml").read_text(encoding="utf-8")
    assert FAREWELL in text
    (folder / "reconcile.toml").write_text(text.replace(FAREWELL, f"# {FAREWELL}"), encoding="utf-8")


@dataclasses.dataclass(frozen=True)
class Ended:
    """A command that ended: its exit code and what it said."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err


@dataclasses.dataclass(frozen=True)
class Stage:
    """One folder to work in."""

    folder: Path

    @classmethod
    def small(cls, folder: Path) -> Stage:
        """One federation of three mailboxes."""
        stage = cls(folder)
        (folder / "federations").mkdir()
        stage.write("spf55", SMALL)
        copy_settings(folder)
        return stage

    @classmethod
    def examples(cls, folder: Path) -> Stage:
        """The three federations of the repository."""
        shutil.copytree(ROOT / "federations", folder / "federations")
        copy_settings(folder)
        return cls(folder)

    def write(self, slug: str, text: str) -> None:
        (self.folder / "federations" / f"{slug}.yaml").write_text(text, encoding="utf-8")

    def edit(self, slug: str, old: str, new: str) -> None:
        path = self.folder / "federations" / f"{slug}.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def add_batch(self, day: dt.date) -> None:
        """A date more in the calendar of reconcile.toml."""
        with (self.folder / "reconcile.toml").open("a", encoding="utf-8") as settings:
            settings.write(f"\n[[batches]]\ndate = {day.isoformat()}\n")

    def settings(self, old: str, new: str) -> None:
        """Change reconcile.toml."""
        path = self.folder / "reconcile.toml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def decide(self) -> None:
        """Read the old hosts, and give up every address that no file names."""
        self.run("inventory", "read", expect=0)
        for path in sorted((self.folder / "federations").glob("*.yaml")):
            decisions = json.loads(self.run("inventory", "show", "--json", path.stem, expect=0).out)["decisions"]
            silent = sorted(address for address, decided in decisions.items() if decided == "undecided")
            with path.open("a", encoding="utf-8") as file:
                file.writelines(f"  - {address}\n" for address in silent)

    def run(
        self, *words: str, environment: Mapping[str, str] = {}, expect: int | None = None, timeout: float = 240
    ) -> Ended:
        """Run ``reconcile`` and hold it to its exit code when one is expected; never a traceback."""
        try:
            done = subprocess.run(
                [*COMMAND, *words],
                cwd=self.folder,
                env=self.environment(environment),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                timeout=timeout,
            )
        except subprocess.TimeoutExpired as late:
            said = b"".join(
                part if isinstance(part, bytes) else part.encode() for part in (late.stdout, late.stderr) if part
            )
            raise AssertionError(
                f"{words} did not end:\n{said.decode(errors='replace')}\n{self.last_words()}"
            ) from None
        ended = Ended(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in ended.said, ended.said
        if expect is not None:
            assert ended.code == expect, f"{words}: {ended.code}\n{ended.said}"
        return ended

    def last_words(self) -> str:
        """The ends of the sandbox's logs."""
        logs = sorted((self.folder / ".sandbox").rglob("*.log"))
        return "\n".join(f"{log}:\n{log.read_text(encoding='utf-8', errors='replace')[-3000:]}" for log in logs)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """The same, left running."""
        return subprocess.Popen(
            [*COMMAND, *words],
            cwd=self.folder,
            env=self.environment({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    def dying(self, number: int, point: str, *words: str) -> Ended:
        """Run it in a process that dies there (``tests.proofs.dying``), or whose disk fills up there."""
        program = [sys.executable, "-c", DYING.format(number, point), *words]
        environment = {**self.environment({}), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            program,
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=240,
        )
        ended = Ended(done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in ended.said, ended.said
        return ended

    def fault(self, kind: str, what: str, times: int = 1) -> None:
        """The tenant goes wrong in that way at so many requests that say that word."""
        settings = tomllib.loads((self.folder / ".sandbox" / "settings.toml").read_text(encoding="utf-8"))
        asked = {"kind": kind, "path_contains": what, "count": times}
        control, ca_file = settings["sandbox"]["control"], settings["tenant"]["ca_file"]
        requests.post(f"{control}/fault", json=asked, verify=ca_file, timeout=30).raise_for_status()

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """The caller's, without its colours and with the sandbox on: what a test needs to read plain words."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("RECONCILE_", "CI", "GITHUB_"))
        }
        return {**kept, "RECONCILE_SANDBOX": "1", "NO_COLOR": "1", "COLUMNS": "160", **more}

    def with_secret(self, name: str, value: str) -> None:
        """Give the commands another credential of the sandbox's: client-secret, dns-key or master-password."""
        (self.folder / ".sandbox" / "secrets" / name).write_text(value, encoding="utf-8")

    def secret(self, name: str) -> str:
        return (self.folder / ".sandbox" / "secrets" / name).read_text(encoding="utf-8")

    def plan(self) -> dict[str, int]:
        """The summary of a plan made now."""
        summary: dict[str, int] = json.loads(self.run("plan", "--json").out)["summary"]
        return summary

    def journals(self) -> list[Path]:
        return sorted((self.folder / "spfstate" / "runs").glob("*.jsonl"))

    def journal(self) -> list[dict[str, Any]]:
        """The lines of the last apply."""
        return [json.loads(line) for line in self.journals()[-1].read_text(encoding="utf-8").splitlines()]
