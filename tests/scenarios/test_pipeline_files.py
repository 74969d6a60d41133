"""From a pull request to copied mail, by the written workflows alone: each step as a runner carries it out, in fresh
clones, towards the sandbox as if it were the live world."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.postgresql import Cluster
from tests.providers.forge.imitation import TOKEN, GitHubImitation
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


@pytest.fixture
def repository(stage: Stage, tmp_path: Path, cluster: Cluster) -> Iterator[Repository]:
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


def test_from_a_pull_request_to_copied_mail_by_the_written_files_alone(repository: Repository) -> None:
    base = repository.git("rev-parse", "HEAD")
    file = repository.folder / "federations" / "spf55.yaml"
    merged = {"github": {"event_name": "push", "ref": "refs/heads/main", "repository": "spf/boites"}}
    first = repository.job("apply", "apply", base, merged)
    assert first.passed, first.said

    repository.git("checkout", "--quiet", "-b", "nour")
    file.write_text(SMALL + NEWCOMER, encoding="utf-8")
    change = repository.commit("Nour joins")
    pull_request = {
        "pull_request": {"number": 7, "base": {"sha": base}, "head": {"repo": {"full_name": "spf/boites"}}},
        "github": {"event_name": "pull_request", "ref": "refs/pull/7/merge", "repository": "spf/boites"},
    }
    validated = repository.job("plan", "validate", change, pull_request)
    assert validated.passed, validated.said
    planned = repository.job("plan", "plan", change, pull_request)
    assert planned.passed, planned.said
    (comment,) = repository.forge.comments
    assert "nour.haddad" in comment["body"]
    assert repository.stage.secret("client-secret") not in planned.said + comment["body"]

    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--ff-only", "nour")
    applied = repository.job("apply", "apply", change, merged)
    assert applied.passed, applied.said
    assert "nour.haddad" in applied.said

    nightly = {"github": {"event_name": "schedule", "ref": "refs/heads/main", "repository": "spf/boites"}}
    assert repository.job("drift", "drift", change, nightly).passed
    assert repository.forge.issues == []
    copied = subprocess.run(
        [sys.executable, "-c", "from reconcile.cli.main import main; main()", "copy", "work"],
        cwd=repository.folder, capture_output=True, encoding="utf-8", timeout=240,
        env={**repository.environment(), "RECONCILE_CLIENT_SECRET": repository.stage.secret("client-secret"),
             "RECONCILE_LEGACY_PASSWORD": repository.stage.secret("master-password")},
    )  # fmt: skip
    assert copied.returncode == 0, copied.stdout + copied.stderr
    assert re.search(r"contact@spf55.org: \d+ messages copied", copied.stdout)


def test_a_forks_change_is_validated_and_gets_no_identity(repository: Repository) -> None:
    base = repository.git("rev-parse", "HEAD")
    (repository.folder / "federations" / "spf55.yaml").write_text(SMALL.replace("E3", "E9"), encoding="utf-8")
    change = repository.commit("A licence there is not")
    fork = {
        "pull_request": {"number": 7, "base": {"sha": base}, "head": {"repo": {"full_name": "mallory/boites"}}},
        "github": {"event_name": "pull_request", "ref": "refs/pull/7/merge", "repository": "spf/boites"},
    }
    validated = repository.job("plan", "validate", change, fork)
    assert not validated.passed
    assert "::error file=federations/spf55.yaml" in validated.said
    assert repository.job("plan", "plan", change, fork).steps == {}
    assert repository.forge.asked == []
    assert TOKEN not in validated.said
