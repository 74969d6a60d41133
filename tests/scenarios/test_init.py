"""Somebody who starts from nothing has a repository that validates, and the mailboxes that the tenant has."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.proofs.outside import Outside
from tests.scenarios.stage import COMMAND, ROOT, Ended, Stage

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
GIVEN = (
    *("init", "--tenant", GUID, "--initial-domain", "asso.onmicrosoft.com", "--client-id", GUID, "--copier", GUID),
    *("--dns-host", "ns1.mutualise.example", "--old-host", "mutualise=imap.mutualise.example"),
    *("--batch", "2027-01-18", "--protect", "national.example"),
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """An empty folder. Whatever it names of the live world is out of reach: nothing answers there."""
    return Stage(tmp_path)


def test_an_empty_folder_becomes_a_repository(stage: Stage) -> None:
    said = live(stage, *GIVEN, "--batch", "2025-01-20").err
    written = {str(path.relative_to(stage.folder)) for path in stage.folder.rglob("*") if path.is_file()}
    assert written == {
        ".editorconfig",
        ".gitignore",
        ".vscode/settings.json",
        "federations/.gitkeep",
        "reconcile.toml",
        "schemas/federation.schema.json",
    }
    assert "wrote reconcile.toml" in said
    assert "[legacy.mutualise.lock]" in said, "what is still to be said"
    shutil.copy(ROOT / "federations" / "spf88.yaml", stage.folder / "federations")
    live(stage, "validate")
    for line in ("/spfstate/", "/secrets/"):
        assert line in (stage.folder / ".gitignore").read_text(encoding="utf-8").splitlines()
    editor = json.loads((stage.folder / ".vscode" / "settings.json").read_text(encoding="utf-8"))
    assert editor["yaml.schemas"] == {"./schemas/federation.schema.json": "federations/*.yaml"}
    live(stage, "schema", "--check")


@pytest.mark.parametrize(
    ("forge", "file"),
    [("github", ".github/workflows/plan.yml"), ("gitlab", ".gitlab-ci.yml")],
    ids=["github", "gitlab"],
)
def test_the_pipelines_come_with_it(stage: Stage, forge: str, file: str) -> None:
    said = live(stage, *GIVEN, "--forge", forge).err
    assert f'sign_in = "{forge}"' in (stage.folder / "reconcile.toml").read_text(encoding="utf-8")
    assert (stage.folder / file).exists()
    assert "keep the state where a job's machine does not forget it" in said
    live(stage, "pipeline", forge, "--check")


def test_what_is_there_is_kept_and_the_missing_lines_are_added(stage: Stage) -> None:
    (stage.folder / ".gitignore").write_text("*.bak\n/plans/", encoding="utf-8")
    (stage.folder / ".editorconfig").write_text("root = true\n", encoding="utf-8")
    said = live(stage, *GIVEN).err
    assert "kept .editorconfig" in said
    assert (stage.folder / ".editorconfig").read_text(encoding="utf-8") == "root = true\n"
    ignored = (stage.folder / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert ignored == ["*.bak", "/plans/", "/spfstate/", "/sheets/", "/secrets/", "/.sandbox/"]
    before = everything(stage.folder)
    assert "reconcile.toml is there" in live(stage, *GIVEN).err
    assert everything(stage.folder) == before, "called again"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("init",), "give --tenant, --initial-domain, --client-id, --copier"),
        ((*GIVEN, "--tenant", "asso"), "--tenant: 'asso' is no GUID"),
        ((*GIVEN, "--dns-host", "ns1 mutualise"), "--dns-host: 'ns1 mutualise' is no name of a host"),
        ((*GIVEN, "--old-host", "imap.mutualise.example"), "is not NAME=HOST"),
        ((*GIVEN, "--dns-key", 'a\n[tenant]\nid="x"'), "--dns-key: a line of plain text is expected"),
        ((*GIVEN, "--batch", "2027-02-30"), "2027-02-30"),
        ((*GIVEN, "--import", "spf55.org"), "is not DOMAIN=CODE:NAME"),
    ],
)
def test_a_bad_answer_is_named_and_nothing_is_written(stage: Stage, words: tuple[str, ...], said: str) -> None:
    assert said in " ".join(live(stage, *words, expect=64).err.split())
    assert everything(stage.folder) == {}


def test_settings_that_would_not_load_are_never_written(stage: Stage) -> None:
    ended = live(stage, *GIVEN, "--state", "http://state.example/spf", expect=3)
    assert "state_in_the_clear" in ended.err
    assert everything(stage.folder) == {}


def test_quotes_and_backslashes_stay_text(stage: Stage) -> None:
    live(stage, *GIVEN, "--master-user", 'co"pi\\eur\x7f')
    settings = tomllib.loads((stage.folder / "reconcile.toml").read_text(encoding="utf-8"))
    assert settings["legacy"]["mutualise"]["master_user"] == 'co"pi\\eur\x7f'


def test_on_a_terminal_what_is_not_given_is_asked_for(stage: Stage) -> None:
    typed = ["not a guid", GUID, "asso.onmicrosoft.com", GUID, GUID, "", "", "", "none"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*COMMAND, "init"],
        cwd=stage.folder,
        env=stage.environment({"RECONCILE_SANDBOX": ""}),
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as child:
        os.close(theirs)
        os.write(ours, "".join(f"{line}\n" for line in typed).encode())
        _, said = child.communicate(timeout=60)
    os.close(ours)
    assert child.returncode == 0, said
    assert b"is no GUID" in said
    assert "[legacy] " in (stage.folder / "reconcile.toml").read_text(encoding="utf-8")


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    with Outside(tmp_path, {"spf55.org": []}) as outside:
        yield outside


def test_mailboxes_of_the_tenant_are_told_and_imported(tmp_path: Path, outside: Outside) -> None:
    stage = Stage.small(tmp_path)
    stage.run("apply", "--yes", expect=0)
    for folder in ("federations", "spfstate"):
        shutil.rmtree(tmp_path / folder)
    (tmp_path / "federations").mkdir()
    before = outside.content()
    said = stage.run("init", expect=0).err
    assert "spf55.org has 3 mailboxes in the tenant: reconcile import CODE --domain spf55.org --name NAME" in said
    said = stage.run("init", "--import", "spf55.org=55:Fédération de la Meuse", expect=0).err
    assert "3 mailboxes" in said
    assert "spf55.org has" not in said, "it is imported"
    assert outside.content() == before
    stage.run("plan", "--detailed-exitcode", expect=0)


def live(stage: Stage, *words: str, expect: int = 0) -> Ended:
    return stage.run(*words, environment={"RECONCILE_SANDBOX": ""}, expect=expect)


def everything(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
