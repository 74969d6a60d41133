"""``reconcile comment`` in a job of GitHub Actions and of GitLab CI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.providers.forge.imitation import TOKEN, GitHubImitation, GitLabImitation

from reconcile.cli.main import cli
from reconcile.problem import Problem
from reconcile.views.plan.markdown import MARKER

Forge = GitHubImitation | GitLabImitation


@pytest.fixture(params=[GitHubImitation, GitLabImitation])
def forge(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    """The job of pull request 7."""
    found: Forge = request.param()
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_REPOSITORY", "CI_API_V4_URL", "CI_MERGE_REQUEST_IID", "GITHUB_EVENT_PATH"):
        monkeypatch.delenv(name, raising=False)
    if isinstance(found, GitHubImitation):
        (tmp_path / "event.json").write_text('{"pull_request": {"number": 7}}', encoding="utf-8")
        job = {
            "GITHUB_REPOSITORY": "spf/boites",
            "GITHUB_API_URL": found.root,
            "GITHUB_EVENT_PATH": "event.json",
            "GITHUB_TOKEN": TOKEN,
        }
    else:
        job = {"CI_API_V4_URL": found.root, "CI_PROJECT_ID": "42", "CI_MERGE_REQUEST_IID": "7"}
        job["RECONCILE_GITLAB_TOKEN"] = TOKEN
    for name, value in job.items():
        monkeypatch.setenv(name, value)
    yield found
    found.close()


def comment(*words: str) -> None:
    cli.main(args=["comment", *words], prog_name="reconcile", standalone_mode=False)


def somebody(forge: Forge) -> Any:
    return "mallory" if isinstance(forge, GitHubImitation) else 13


def test_a_pull_request_has_one_comment_edited_in_place(forge: Forge) -> None:
    page = Path("plan.md")
    for text in ("first", "second", "second"):
        page.write_text(f"{MARKER}\n{text}\n", encoding="utf-8")
        comment("plan.md")
    assert [one["body"] for one in forge.comments] == [f"{MARKER}\nsecond\n"]
    assert [words.split()[0] for words in forge.asked] == ["POST", "PATCH" if forge.prefix == "" else "PUT"]


def test_a_comment_that_forges_our_mark_stays_its_authors(forge: Forge) -> None:
    for number in range(5):
        forge.write(somebody(forge), f"{MARKER}\nnothing to see {number}")
    Path("plan.md").write_text(f"{MARKER}\nours\n", encoding="utf-8")
    comment("plan.md")
    comment("plan.md")
    assert [one["body"] for one in forge.comments][5:] == [f"{MARKER}\nours\n"]
    assert len(forge.asked) == 1


def test_our_comment_is_found_behind_those_of_others(forge: Forge) -> None:
    forge.write(forge.author, f"{MARKER}\nold")  # type: ignore[arg-type]
    forge.comments.reverse()
    for _ in range(6):
        forge.comments.insert(0, {**forge.comments[-1], "id": 100, "body": "thank you"})
    Path("plan.md").write_text(f"{MARKER}\nnew\n", encoding="utf-8")
    comment("plan.md")
    assert forge.comments[-1]["body"] == f"{MARKER}\nnew\n"


def test_a_file_that_is_no_markdown_is_shown_as_it_is_and_never_longer_than_may_be(forge: Forge) -> None:
    text = "```\n@everybody \x1b[2J look\n" + "x" * 2_000_000
    Path("drift.txt").write_text(text, encoding="utf-8")
    comment("drift.txt")
    body = forge.comments[0]["body"]
    assert len(body) <= forge.longest
    assert body.startswith(f"{MARKER}\n````text\n```\n@everybody ")
    assert "\x1b" not in body
    assert "Cut here" in body.splitlines()[-1]


def test_one_issue_stands_for_a_condition_until_it_is_settled(forge: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    page = Path("drift.txt")
    for text in ("one box", "two boxes"):
        page.write_text(text, encoding="utf-8")
        comment("--issue", "Drift", "drift.txt")
    (issue,) = forge.issues
    assert "two boxes" in issue.get("body", issue.get("description"))
    page.write_text("Nothing drifted.", encoding="utf-8")
    comment("--issue", "Drift", "--settled", "drift.txt")
    assert forge.issues[0]["state"] == "closed"
    assert "Nothing drifted." in forge.comments[-1]["body"]
    capsys.readouterr()
    comment("--issue", "Drift", "--settled", "drift.txt")
    assert "No such issue is open." in capsys.readouterr().err
    page.write_text("three boxes", encoding="utf-8")
    comment("--issue", "Drift", "drift.txt")
    assert [one["state"] in ("open", "opened") for one in forge.issues] == [False, True]


def test_the_token_goes_to_no_other_host(forge: Forge) -> None:
    for _ in range(3):
        forge.write(somebody(forge), "hello")
    forge.elsewhere = "http://localhost:9"
    Path("plan.md").write_text("x", encoding="utf-8")
    with pytest.raises(Problem, match="none of its documents"):
        comment("plan.md")


def test_a_refusal_names_the_call_and_not_the_token(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "RECONCILE_GITLAB_TOKEN"):
        monkeypatch.setenv(name, "wrong-and-secret")
    Path("plan.md").write_text("x", encoding="utf-8")
    with pytest.raises(Problem) as refused:
        comment("plan.md")
    assert refused.value.code == "FRG02"
    assert "401" in refused.value.message
    assert "wrong-and-secret" not in refused.value.message


def test_a_forge_that_is_down_is_said(forge: Forge) -> None:
    Path("plan.md").write_text("x", encoding="utf-8")
    forge.close()
    with pytest.raises(Problem, match="cannot be reached"):
        comment("plan.md")


@pytest.mark.parametrize("event", ["", "[]", '{"pull_request": {"number": "7; rm"}}', "{", json.dumps({"number": 7})])
def test_a_job_of_no_pull_request_is_told_so(event: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CI_MERGE_REQUEST_IID", raising=False)
    Path("event.json").write_text(event, encoding="utf-8")
    Path("plan.md").write_text("x", encoding="utf-8")
    monkeypatch.setenv("GITHUB_REPOSITORY", "spf/boites")
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_EVENT_PATH", "event.json")
    with pytest.raises(Problem) as told:
        comment("plan.md")
    assert told.value.code == "FRG05"


def test_outside_of_any_job_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("GITHUB_REPOSITORY", "CI_API_V4_URL"):
        monkeypatch.delenv(name, raising=False)
    Path("plan.md").write_text("x", encoding="utf-8")
    with pytest.raises(Problem) as told:
        comment("plan.md")
    assert told.value.code == "FRG04"
