"""What a shell offers after ``reconcile …``: commands, and the federations of the folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "federations").mkdir()
    for slug in ("spf55", "spf88", "spf971"):
        (tmp_path / "federations" / f"{slug}.yaml").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("reconcile pl", ["plan"]),
        ("reconcile plan spf", ["spf55", "spf88", "spf971"]),
        ("reconcile plan spf55 spf", ["spf88", "spf971"]),
        ("reconcile apply spf9", ["spf971"]),
        ("reconcile copy retry spf8", ["spf88"]),
        ("reconcile state rebuild spf5", ["spf55"]),
        ("reconcile force-unlock spf5", ["spf55"]),
        ("reconcile plan x", []),
    ],
)
@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "--chdir"])
def test_federations_are_completed(folder: Path, typed: str, offered: list[str], elsewhere: bool) -> None:
    words = typed.replace("reconcile", f"reconcile --chdir {folder}") if elsewhere else typed
    said = completed(words, Path("/") if elsewhere else folder)
    assert said == offered


def test_a_folder_without_federations_completes_nothing(tmp_path: Path) -> None:
    assert completed("reconcile plan s", tmp_path) == []


def completed(words: str, folder: Path) -> list[str]:
    environment = {"_RECONCILE_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    command = [sys.executable, "-c", "from reconcile.cli.main import main; main()"]
    ended = subprocess.run(
        command, cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert ended.stderr == ""
    return [line.partition(",")[2] for line in ended.stdout.splitlines() if line]
