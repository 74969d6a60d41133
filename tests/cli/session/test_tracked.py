"""Files of the state and plans that git tracks are anybody's work: they are refused before anything is asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reconcile.cli.session.session import Session
from reconcile.cli.session.tracked import authenticity_key, refuse_tracked
from reconcile.problem import Problem

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-c", "from reconcile.cli.main import main; main()"]
JOURNAL = '{"event":"run","format":2,"run":"x"}\n'


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone with the example federations, its state ignored as the example has it."""
    shutil.copytree(ROOT / "federations", tmp_path / "federations")
    for name in ("reconcile.toml", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path)
    for name in ("spfstate", "plans"):
        (tmp_path / name).mkdir()
        (tmp_path / name / ".gitkeep").touch()
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    return tmp_path


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, check=True)


def said(folder: Path, *words: str, **environment: str) -> tuple[int, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILE_", "CI", "GITHUB_"))}
    unreachable = {"RECONCILE_CLIENT_SECRET": "none", "RECONCILE_DNS_KEY": "c2VjcmV0"}
    done = subprocess.run(
        [*COMMAND, *words], cwd=folder, env={**clean, **unreachable, **environment}, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def test_what_popstructure_and_a_probe_said_may_be_reviewed_like_a_federation_s_file(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repository)
    for name in ("structures/2025-01-06T090000Z.json", "signature/2025-01-06T090000Z.json"):
        path = repository / "spfstate" / name
        path.parent.mkdir()
        path.write_text("{}", encoding="utf-8")
    git(repository, "add", ".")
    refuse_tracked(Session(environment={}, sandbox=False, color="never"))
    (repository / "spfstate" / "structures" / "runs").mkdir()
    (repository / "spfstate" / "structures" / "runs" / "x.json").write_text("{}", encoding="utf-8")
    git(repository, "add", ".")
    with pytest.raises(Problem, match=r"runs/x\.json"):
        refuse_tracked(Session(environment={}, sandbox=False, color="never"))


@pytest.mark.parametrize(
    "name",
    [
        "spfstate/federations/spf55.json",
        "spfstate/runs/20250101T000000Z-aaaaaa.jsonl",
        "spfstate/inventory/spf55/20250101T000000Z.json",
        "spfstate/copies/queue.sqlite",
        "plans/pr.json",
    ],
)
def test_a_pull_request_brings_no_record_and_no_plan(repository: Path, name: str) -> None:
    path = repository / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(JOURNAL)
    git(repository, "add", "--force", name)
    code, text = said(repository, "plan")
    assert code == 4
    assert "STA19" in text
    assert Path(name).name in text


def test_a_plan_from_anywhere_in_the_repository_is_refused(repository: Path) -> None:
    (repository / "mine.json").write_text("{}")
    git(repository, "add", "--force", "mine.json")
    code, text = said(repository, "apply", "./mine.json")
    assert (code, "STA19" in text) == (4, True)


def test_with_a_key_snapshots_may_be_tracked_and_must_bear_its_mark_and_journals_may_not(repository: Path) -> None:
    key = {"RECONCILE_STATE_KEY": "k" * 32}
    snapshot = repository / "spfstate/federations/spf55.json"
    snapshot.parent.mkdir()
    snapshot.write_text('{"federation": "spf55", "format": 1, "lineage": "x", "records": {}, "run": "", "serial": 1}')
    git(repository, "add", "--force", str(snapshot))
    assert "STA18" in said(repository, "plan", **key)[1]
    journal = repository / "spfstate/runs/20250101T000000Z-aaaaaa.jsonl"
    journal.parent.mkdir()
    journal.write_text(JOURNAL)
    git(repository, "add", "--force", str(journal))
    assert "STA19" in said(repository, "plan", **key)[1]


def test_where_nothing_is_tracked_no_key_is_asked_for(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    state = repository / "spfstate/federations/spf55.json"
    state.parent.mkdir()
    state.write_text("{}")
    session = Session(environment={}, sandbox=False, color="never")
    refuse_tracked(session, Path("plans/main.json"))
    assert authenticity_key(session) is None


def test_a_short_key_is_none(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    with pytest.raises(Problem, match="STA18"):
        authenticity_key(Session(environment={"RECONCILE_STATE_KEY": "short"}, sandbox=False, color="never"))


def test_a_git_that_cannot_tell_is_no_permission(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (repository / "plans/main.json").write_text("{}")
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Problem, match="git cannot tell"):
        refuse_tracked(Session(environment={}, sandbox=False, color="never"), Path("plans/main.json"))
