"""From a pull request to copied mail, by the written workflows alone: each step as a runner carries it out, in fresh
clones, towards the sandbox as if it were the live world."""

from __future__ import annotations

import re
import subprocess
import sys

from tests.providers.forge.imitation import TOKEN
from tests.scenarios.repository import NEWCOMER, Repository
from tests.scenarios.stage import SMALL


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
