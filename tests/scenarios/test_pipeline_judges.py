"""The written workflow files before judges of others: actionlint, zizmor, schemas, gitlab-ci-local."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.documents.test_pipelines import NETWORK
from tests.providers.forge.imitation import TOKEN, GitLabImitation
from tests.scenarios.repository import NEWCOMER, Repository
from tests.scenarios.stage import SMALL

from reconcile.documents.pipelines import github, gitlab
from reconcile.documents.pipelines.network import Network

pytestmark = pytest.mark.pipelines
JUDGES = Path(os.environ.get("RECONCILE_TEST_JUDGES", ""))


def judged(folder: Path, *words: str) -> str:
    done = subprocess.run(
        [str(JUDGES / "bin" / words[0]), *words[1:]], cwd=folder, capture_output=True, encoding="utf-8", timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("lent", [False, True])
@pytest.mark.parametrize("environments", [False, True])
def test_actionlint_zizmor_and_the_schemas_find_nothing(lent: bool, environments: bool, tmp_path: Path) -> None:
    network = Network(
        NETWORK.timezone, NETWORK.starts, NETWORK.reading, NETWORK.writing, lent=lent, environments=environments
    )
    for name, text in {**github.workflows(network), **gitlab.pipeline(network)}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    judged(tmp_path, "actionlint")
    persona = "auditor" if environments else "pedantic"  # the auditor asks for environments, which are not to be had
    found = judged(tmp_path, "zizmor", "--offline", f"--persona={persona}", ".github/workflows")
    assert "No findings to report" in found
    workflows = sorted(str(path) for path in (tmp_path / github.FOLDER).iterdir())
    judged(tmp_path, "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)
    judged(
        tmp_path,
        "check-jsonschema",
        "--builtin-schema",
        "vendor.gitlab-ci",
        "--data-transform",
        "gitlab-ci",
        gitlab.FILE,
    )


def test_gitlab_ci_local_carries_a_merge_request_and_its_merge_out(repository: Repository) -> None:
    command = ["-c", "from reconcile.cli.main import main; main()", "pipeline", "gitlab", "--write"]
    subprocess.run(
        ["python", *command], cwd=repository.folder, check=True, capture_output=True, env=repository.environment()
    )
    repository.git("remote", "add", "origin", "git@forge.example:spf/boites.git")
    base = repository.commit("GitLab's pipeline")
    repository.git("update-ref", "refs/remotes/origin/main", base)
    forge = GitLabImitation()
    runner = Local(repository, forge)
    first = runner.run("apply", "web", task="apply")
    assert "Apply complete" in first, first

    repository.git("checkout", "--quiet", "-b", "nour")
    file = repository.folder / "federations" / "spf55.yaml"
    file.write_text(SMALL + NEWCOMER, encoding="utf-8")
    repository.commit("Nour joins")
    planned = runner.run("plan", "merge_request_event", base)
    assert "nour.haddad@spf55.org" in planned
    widget = (repository.folder / "plans" / "widget.json").read_text(encoding="utf-8")
    (note,) = forge.comments
    assert "nour.haddad" in note["body"]
    assert widget.startswith('{"create": ')

    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--ff-only", "nour")
    assert "nour.haddad@spf55.org" in runner.run("apply", "web", task="apply")
    assert "Nothing drifted." in runner.run("drift", "schedule", task="drift")
    forge.close()


class Local:
    """gitlab-ci-local, which runs a job's script in a shell of this machine."""

    def __init__(self, repository: Repository, forge: GitLabImitation) -> None:
        self._repository, self._forge = repository, forge

    def run(self, job: str, source: str, base: str = "", task: str = "") -> str:
        """What a job that passed printed; the environment it wants is that of its kind."""
        secrets = self._repository.secrets()
        reading = {"RECONCILE_CLIENT_SECRET": secrets["reading"]["RECONCILE_READER_SECRET"]}
        variables = {
            "CI_PIPELINE_SOURCE": source,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": base,
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "42",
            "CI_PROJECT_ID": "42",
            "CI_API_V4_URL": self._forge.root,
            "RECONCILE_GITLAB_TOKEN": TOKEN,
            "RECONCILE_TASK": task,
            **(reading if job in ("plan", "drift") else secrets["production"]),
        }
        told = [word for name, value in variables.items() for word in ("--variable", f"{name}={value}")]
        program = JUDGES / "node_modules" / ".bin" / "gitlab-ci-local"
        done = subprocess.run(
            [str(program), "--force-shell-executor", "--no-needs", "--no-shell-isolation", *told, job],
            cwd=self._repository.folder,
            env={name: value for name, value in self._repository.environment().items() if "GITHUB_" not in name},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=400,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr
