"""``reconcile fmt`` as it is typed: what it writes, prints and leaves alone."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.scenarios.stage import COMMAND, ROOT, Stage


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    shutil.copytree(ROOT / "federations", tmp_path / "federations")
    shutil.copy(ROOT / "reconcile.toml", tmp_path)
    return Stage(tmp_path)


def test_what_is_canonical_is_left_and_what_is_not_is_named_and_written_once(stage: Stage) -> None:
    assert stage.run("fmt", "--check", expect=0).said == ""
    stage.edit("spf88", "licence: E1", "licence: 'E1'")
    before = stage.folder / "federations" / "spf88.yaml"
    text = before.read_bytes()
    ended = stage.run("fmt", "--check", "--diff", expect=1)
    assert ended.out.splitlines()[0] == "federations/spf88.yaml"
    assert "-    licence: 'E1'" in ended.out
    assert before.read_bytes() == text
    assert stage.run("fmt", "88", expect=0).out == "federations/spf88.yaml\n"
    assert stage.run("fmt", expect=0).out == ""
    assert before.read_text(encoding="utf-8") == (ROOT / "federations" / "spf88.yaml").read_text(encoding="utf-8")


def test_one_that_cannot_be_formatted_is_said_and_the_others_are_written(stage: Stage) -> None:
    stage.edit("spf55", "subdomains: [verdun.spf55.org]", "subdomains: [verdun.spf55.org,  # la ville\n  ]")
    stage.edit("spf88", "licence: E1", "licence: 'E1'")
    ended = stage.run("fmt", expect=1)
    assert ended.out == "federations/spf88.yaml\n"
    assert "FMT02 federations/spf55.yaml" in ended.err
    stage.write("spf88", "code: [\n")
    assert "FMT01 federations/spf88.yaml:2:1" in stage.run("fmt", "spf88", expect=3).err
    assert "CFG04" in stage.run("fmt", "99", expect=3).err


def test_a_link_is_not_followed(stage: Stage, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("password: 'secret'\n", encoding="utf-8")
    (stage.folder / "federations" / "spf99.yaml").symlink_to(tmp_path / "secret")
    ended = stage.run("fmt", "--diff", expect=3)
    assert "symbolic link" in ended.err
    assert "password" not in ended.said


def test_between_pipes(stage: Stage) -> None:
    done = subprocess.run(
        [*COMMAND, "fmt", "-"], cwd=stage.folder, input="name: 'Meuse'\ncode: 55\n", capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, 'code: "55"\nname: Meuse\n')


def test_a_moved_date_keeps_a_canonical_file_canonical(stage: Stage) -> None:
    stage.run("--live", "batches", "move", "55", "--as-of", "2025-01-10", expect=0)
    stage.run("fmt", "--check", "55", expect=0)
