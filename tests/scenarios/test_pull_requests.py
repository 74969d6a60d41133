"""A pull request plans what it touches, and a reviewed plan is applied as far as it is still true."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.proofs.outside import Outside
from tests.scenarios.stage import ROOT, SMALL, Stage

#: reconcile.toml gives that login to the Meuse alone.
VOSGES = (
    SMALL.replace('"55"', '"88"')
    .replace("spf55", "spf88")
    .replace("Meuse", "Vosges")
    .replace("    legacy_login: k0412\n", "")
)


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    with Outside(tmp_path, {"spf13.org": [], "spf55.org": [], "spf88.org": []}) as outside:
        yield outside


@pytest.fixture
def stage(tmp_path: Path, outside: Outside) -> Stage:
    """Two federations in a git repository, committed as ``main``, on a branch ``change``."""
    stage = Stage.small(tmp_path)
    stage.write("spf88", VOSGES)
    (tmp_path / ".gitignore").write_text("/.sandbox/\n/spfstate/\n/plans/\n", encoding="utf-8")
    git(stage, "init", "--quiet", "--initial-branch", "main")
    commit(stage)
    git(stage, "checkout", "--quiet", "-b", "change")
    return stage


def git(stage: Stage, *words: str) -> None:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=stage.folder, check=True, capture_output=True)


def commit(stage: Stage) -> None:
    git(stage, "add", "--all")
    git(stage, "commit", "--quiet", "--message", "change")


def planned(stage: Stage, reference: str = "main") -> set[str]:
    """The federations of the plan of what changed since."""
    document = json.loads(stage.run("plan", "--changed-since", reference, "--json", expect=0).out)
    return set(document["basis"])


def test_a_branch_plans_the_federation_whose_file_it_changes(stage: Stage) -> None:
    assert "No federation file differs from main" in stage.run("plan", "--changed-since", "main", expect=0).err
    stage.edit("spf88", "licence: E1", "licence: E3")
    commit(stage)
    assert planned(stage) == {"spf88"}
    git(stage, "checkout", "--quiet", "main")
    stage.edit("spf55", "licence: E1", "licence: E3")
    commit(stage)
    git(stage, "checkout", "--quiet", "change")
    assert planned(stage) == {"spf88"}, "what others did on main since is not this branch's affair"


def test_what_is_not_committed_yet_is_planned_too(stage: Stage) -> None:
    stage.edit("spf88", "licence: E1", "licence: E3")
    assert planned(stage) == {"spf88"}
    stage.write("spf13", VOSGES.replace('"88"', '"13"').replace("spf88", "spf13").replace("Vosges", "Bouches-du-Rhône"))
    assert planned(stage) == {"spf13", "spf88"}
    assert planned(stage, "HEAD") == {"spf13", "spf88"}


def test_a_branch_that_changes_the_settings_plans_everything(stage: Stage) -> None:
    settings = stage.folder / "reconcile.toml"
    settings.write_text(settings.read_text(encoding="utf-8") + "\n# later\n", encoding="utf-8")
    commit(stage)
    assert planned(stage) == {"spf55", "spf88"}


def test_a_branch_that_deletes_a_file_shows_what_that_would_delete(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    (stage.folder / "federations" / "spf88.yaml").unlink()
    commit(stage)
    shown = stage.run("plan", "--changed-since", "main", expect=0)
    assert "delete  lou.petit@spf88.org" in shown.out
    assert "spf55" not in shown.out


def test_a_branch_that_renames_a_file_shows_both_federations(stage: Stage) -> None:
    stage.run("apply", "spf88", "--yes", expect=0)
    (stage.folder / "federations" / "spf88.yaml").unlink()
    stage.write("spf89", VOSGES.replace('"88"', '"89"'))
    commit(stage)
    assert planned(stage) == {"spf88", "spf89"}


def test_a_branch_that_deletes_a_file_never_applied_has_nothing_to_plan_of_it(stage: Stage) -> None:
    (stage.folder / "federations" / "spf88.yaml").unlink()
    stage.edit("spf55", "licence: E1", "licence: E3")
    commit(stage)
    assert planned(stage) == {"spf55"}
    git(stage, "checkout", "--quiet", "main", "federations/spf55.yaml")
    commit(stage)
    assert stage.run("plan", "--changed-since", "main", expect=0).out == ""


@pytest.mark.parametrize("reference", ["no-such-branch", "0" * 40, "--output=stolen"])
def test_a_revision_git_does_not_know_is_refused_in_words(stage: Stage, reference: str) -> None:
    refused = stage.run("plan", f"--changed-since={reference}", expect=1)
    assert "GIT01" in refused.err
    assert reference in refused.err
    assert not list(stage.folder.glob("stolen*"))


def test_outside_a_repository_there_is_nothing_to_compare_with(stage: Stage) -> None:
    (stage.folder / ".git").rename(stage.folder / "not-git")
    said = stage.run("plan", "--changed-since", "main", expect=1).err
    assert "GIT01" in said
    assert "not a git repository" in said


def test_the_same_plan_again_takes_up_what_failed_the_first_time(stage: Stage, outside: Outside) -> None:
    stage.run("plan", "--out", "plans/both.json", expect=0)
    outside.fault("unavailable", "lou.petit.spf88.org", count=10_000)
    stage.run("apply", "plans/both.json", expect=6)
    outside.mend()
    outside.wait(3600)
    again = stage.run("apply", "plans/both.json", expect=0)
    assert "changes are made already" in again.err
    stage.run("plan", "--detailed-exitcode", expect=0)
    accounts = [name for name in outside.content()["users"] if name.endswith(("@spf55.org", "@spf88.org"))]
    assert len(accounts) == 6
    told = re.search(r"(\d+) of the plan's (\d+) changes", stage.run("apply", "plans/both.json", expect=0).err)
    assert told is not None
    assert told[1] == told[2]


def test_a_plan_stale_in_one_federation_is_applied_to_the_others(stage: Stage, outside: Outside) -> None:
    stage.run("plan", "--out", "plans/both.json", expect=0)
    stage.edit("spf88", "licence: E1", "licence: E3")
    ended = stage.run("apply", "plans/both.json", expect=4)
    assert "spf88 is stale" in ended.err
    assert "its file changed" in ended.err
    stage.run("plan", "spf55", "--detailed-exitcode", expect=0)
    assert not [name for name in outside.content()["users"] if name.endswith("@spf88.org")]


def test_a_plan_stale_in_one_object_is_applied_to_the_others(stage: Stage, outside: Outside) -> None:
    stage.run("apply", "--yes", expect=0)
    stage.edit("spf88", "licence: E1", "licence: E3")
    stage.edit("spf88", "first_name: Camille", "first_name: Camille-Rose")
    stage.run("plan", "--out", "plans/both.json", expect=0)
    outside.by_hand("lou.petit@spf88.org", licence=None)
    stage.run("state", "rm", "spf88/copy/lou.petit@spf88.org", expect=0)
    ended = stage.run("apply", "plans/both.json", expect=4)
    assert "spf88/mailbox/lou.petit@spf88.org is stale" in ended.err
    users = outside.content()["users"]
    assert users["camille.dupont@spf88.org"]["givenName"] == "Camille-Rose"
    assert users["lou.petit@spf88.org"]["licences"] == []


def test_what_a_killed_first_apply_made_is_seen_after_its_file_is_deleted(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    shutil.rmtree(stage.folder / "spfstate" / "federations")  # as if the run had died before it saved its snapshot
    shutil.copy(ROOT / "federations" / "spf88.yaml", stage.folder / "federations")
    (stage.folder / "federations" / "spf55.yaml").unlink()
    assert stage.plan()["delete"] > 0
    assert "GRD06" in stage.run("apply", "--yes", "--allow-delete", expect=5).err
