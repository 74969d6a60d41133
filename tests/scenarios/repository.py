"""A mailboxes repository at a forge of the tests', its jobs, and the sandbox behind it as if it were the live world."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.postgresql import Cluster
from tests.providers.forge.imitation import GitHubImitation
from tests.scenarios.runner import Ended, Runner
from tests.scenarios.stage import SMALL, Stage

NEWCOMER = """  nour.haddad@spf55.org:
    licence: E1
    new: true
    directory: {last_name: Haddad, first_name: Nour}
"""


@dataclasses.dataclass(frozen=True)
class Repository:
    """The mailboxes repository, at its forge; ``stage`` holds the world and its secrets."""

    stage: Stage
    folder: Path
    forge: GitHubImitation

    def git(self, *words: str) -> str:
        name = ["-c", "user.name=Postmaster", "-c", "user.email=postmaster@national.example"]
        done = subprocess.run(
            ["git", *name, *words], cwd=self.folder, check=True, capture_output=True, encoding="utf-8"
        )
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "-A")
        self.git("commit", "--quiet", "-m", message)
        return self.git("rev-parse", "HEAD")

    def job(self, workflow: str, job: str, ref: str, event: dict[str, Any]) -> Ended:
        runner = Runner(self.folder, self.stage.folder, {**event, "reader": ""}, self.secrets(), self.environment())
        return runner.run(workflow, job, ref)

    def secrets(self) -> dict[str, dict[str, str]]:
        client, key = self.stage.secret("client-secret"), self.stage.secret("dns-key")
        return {
            "reading": {"RECONCILE_READER_SECRET": client},
            "production": {
                "RECONCILE_CLIENT_SECRET": client,
                "RECONCILE_DNS_KEY": key,
                "RECONCILE_STATE_KEY": "0123456789abcdef0123456789abcdef",
            },
        }

    def environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("RECONCILE_", "CI", "GITHUB_"))
        }
        (self.stage.folder / "event.json").write_text('{"pull_request": {"number": 7}}', encoding="utf-8")
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{kept['PATH']}",
            "GITHUB_REPOSITORY": "spf/boites",
            "GITHUB_API_URL": self.forge.root,
            "GITHUB_EVENT_PATH": str(self.stage.folder / "event.json"),
        }


@contextlib.contextmanager
def opened(stage: Stage, cluster: Cluster) -> Iterator[Repository]:
    """A repository whose settings name the stage's sandbox as the live world, its pipeline written."""
    tmp_path = stage.folder
    folder = tmp_path / "repository"
    (folder / "federations").mkdir(parents=True)
    (folder / "federations" / "spf55.yaml").write_text(SMALL, encoding="utf-8")
    settings = (tmp_path / ".sandbox" / "settings.toml").read_text(encoding="utf-8")
    # Only paths stay as they are: authorities. Secrets come from the jobs' environment.
    world = re.sub(r"^(\w*)(client_secret_file|key_file) = .*\n", "", settings, flags=re.MULTILINE)
    world = world.replace('"secrets/', f'"{tmp_path}/.sandbox/secrets/').replace('"ca', f'"{tmp_path}/.sandbox/ca')
    database = cluster.database()
    (folder / "reconcile.toml").write_text(
        f'state = "{database}"\nstate_in_the_clear = true\n{world}\n'
        f'[copies]\ndatabase = "{database}"\nin_the_clear = true\n'
        '[legacy.mutualise.logins]\nspf55 = ["k0412"]\n[[batches]]\ndate = 2025-01-20\nleast = 0\n',
        encoding="utf-8",
    )
    (folder / "requirements.txt").write_text("# The wheel and what it needs, with their hashes.\n", encoding="utf-8")
    (folder / ".gitignore").write_text("spfstate/\nplans/\n", encoding="utf-8")
    forge = GitHubImitation()
    found = Repository(stage, folder, forge)
    found.git("init", "--quiet", "--initial-branch", "main")
    written = subprocess.run(
        [sys.executable, "-c", "from reconcile.cli.main import main; main()", "pipeline", "github", "--write"],
        cwd=folder, capture_output=True, encoding="utf-8", env=found.environment(),
    )  # fmt: skip
    assert written.returncode == 0, written.stderr
    found.commit("Start")
    try:
        yield found
    finally:
        forge.close()
