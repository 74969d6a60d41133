"""A saved plan, shown in each of its shapes by the command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import click.testing
import pytest
from tests.views.sample_plans import EVERYTHING, NOW

from reconcile.cli.main import cli
from reconcile.planning.plan.planfile import document, encode
from reconcile.views.plan.markdown import MARKER
from reconcile.views.terraform import plan as terraform_plan

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with the network's settings and one plan."""
    shutil.copy(ROOT / "reconcile.toml", tmp_path)
    (tmp_path / "plan.json").write_text(encode(EVERYTHING), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name in ("RECONCILE_SANDBOX", "GITHUB_RUN_ID", "CI_PIPELINE_URL"):
        monkeypatch.delenv(name, raising=False)


def show(*words: str, **environment: str) -> str:
    shown = click.testing.CliRunner().invoke(cli, ["show", "plan.json", *words], env=environment)
    assert shown.exception is None
    return shown.stdout


def test_words_are_for_people_and_the_default() -> None:
    assert show() == show("--format", "text")
    assert show().startswith("spf67 is left out, its file is not valid: ")
    assert "\nDELETIONS: 2 resources would go\n" in show()


def test_json_is_the_plan_s_own_document() -> None:
    assert json.loads(show("--format", "json")) == document(EVERYTHING)
    assert show("--json") == show("--format", "json")


def test_terraform_s_document_is_asked_for_by_name() -> None:
    assert json.loads(show("--format", "terraform")) == terraform_plan.document(EVERYTHING)


def test_events_are_one_object_a_line() -> None:
    said: list[dict[str, Any]] = [json.loads(line) for line in show("--events").splitlines()]
    assert (said[0]["type"], said[-1]["type"]) == ("version", "change_summary")


def test_markdown_is_printed_or_written_beside_the_words() -> None:
    page = show("--format", "markdown")
    assert page.startswith(MARKER)
    assert show("--markdown", "page.md") == show()
    assert Path("page.md").read_text(encoding="utf-8") == page


def test_moments_are_civil_and_judged_on_the_clock_of_the_reader() -> None:
    page = show("--format", "markdown")
    assert "Made Sun 19 Jan 2025 17:40" in page
    assert NOW.year == 2025
    assert "**expired**" in page


@pytest.mark.parametrize(
    ("environment", "link"),
    [
        (
            {"GITHUB_RUN_ID": "7", "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "spf/boites"},
            "https://github.com/spf/boites/actions/runs/7",
        ),
        ({"CI_PIPELINE_URL": "https://gitlab.example.org/p/7"}, "https://gitlab.example.org/p/7"),
    ],
    ids=["GitHub", "GitLab"],
)
def test_what_does_not_fit_is_to_be_read_in_the_pipeline(environment: dict[str, str], link: str) -> None:
    from tests.views.plan.test_markdown import network

    Path("plan.json").write_text(encode(network()), encoding="utf-8")
    assert f"[the whole plan](<{link}>)" in show("--format", "markdown", **environment)
    assert "`reconcile show`" in show("--format", "markdown")
