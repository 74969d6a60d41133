"""A pull request's reconcile.toml does not choose where secrets go: in a pipeline the base branch's counts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconcile.cli.session.base_settings import refuse_changed_files
from reconcile.cli.session.session import Session
from reconcile.problem import Problem

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-c", "from reconcile.cli.main import main; main()"]
GITHUB = {"GITHUB_BASE_REF": "main", "GITHUB_RUN_ID": "1"}
LIVE = "https://login.microsoftonline.com"


def git(*words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *who, *words], check=True, capture_output=True)


@pytest.fixture
def branch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone on a branch of its own; origin/main has the example's settings, with an authority of its own."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "federations", tmp_path / "federations")
    settings = (ROOT / "reconcile.toml").read_text(encoding="utf-8")
    settings = settings.replace("[tenant]", '[tenant]\nca_file = "ca.pem"', 1)
    (tmp_path / "reconcile.toml").write_text(settings, encoding="utf-8")
    (tmp_path / "ca.pem").write_text("the authority")
    for words in (("init", "--quiet"), ("add", "."), ("commit", "--quiet", "-m", "base")):
        git(*words)
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    git("switch", "--quiet", "-c", "pull-request")
    return tmp_path


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "reconcile.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    git("commit", "--quiet", "-a", "-m", "change")


def session(**environment: str) -> Session:
    return Session(environment=environment, sandbox=False, color="never")


@pytest.mark.parametrize("pipeline", [GITHUB, {"CI_MERGE_REQUEST_DIFF_BASE_SHA": "origin/main"}])
def test_in_a_pull_request_the_base_branch_says_where_secrets_go(
    branch: Path, pipeline: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    change(branch, "[tenant]", '[tenant]\nauthority = "https://elsewhere.example"')
    assert session().settings.tenant.authority == "https://elsewhere.example"
    assert session(**pipeline).settings.tenant.authority == LIVE
    assert "changes tenant.authority" in capsys.readouterr().err


def test_a_revision_can_be_named(branch: Path) -> None:
    change(branch, "[tenant]", '[tenant]\nauthority = "https://elsewhere.example"')
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILE_", "CI", "GITHUB_"))}
    words = [*COMMAND, "--settings-from", "main", "validate"]
    done = subprocess.run(words, cwd=branch, env=clean, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "reconcile.toml of main counts here; this branch changes tenant.authority" in done.stderr


def test_a_branch_that_changes_a_file_of_an_authority_contacts_nobody(branch: Path) -> None:
    (branch / "ca.pem").write_text("another authority")
    git("commit", "--quiet", "-a", "-m", "change")
    with pytest.raises(Problem, match="CFG06"):
        _ = session(**GITHUB).settings


def test_a_file_outside_of_the_repository_is_nothing_a_branch_can_change(branch: Path, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-authority.pem"
    outside.write_text("authority", encoding="utf-8")
    refuse_changed_files("main", Path("reconcile.toml"), [outside])
    Path("link.pem").symlink_to(outside)
    git("add", "link.pem")
    git("commit", "-qm", "A link")
    with pytest.raises(Problem, match="is not as main has it"):
        refuse_changed_files("main", Path("reconcile.toml"), [branch / "link.pem"])


def test_a_base_that_is_not_there_is_no_permission(branch: Path) -> None:
    with pytest.raises(Problem, match="CFG06"):
        _ = session(**{**GITHUB, "GITHUB_BASE_REF": "gone"}).settings


@pytest.mark.parametrize("reference", ["--output=x", "main:federations", "$(true)", ""])
def test_a_reference_is_only_ever_a_revision(branch: Path, reference: str) -> None:
    one = Session(environment=GITHUB, sandbox=False, color="never", settings_from=reference)
    if not reference:
        assert one.settings.tenant.authority == LIVE
        return
    with pytest.raises(Problem, match="CFG06"):
        _ = one.settings
    assert not (branch / "x").exists()


def test_outside_of_a_pull_request_this_folder_counts(branch: Path) -> None:
    change(branch, "[tenant]", '[tenant]\nauthority = "https://elsewhere.example"')
    assert session(GITHUB_RUN_ID="1").settings.tenant.authority == "https://elsewhere.example"
