"""Federation files that are no files, or whose names are more than names."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconcile.config.load import load_federations

COMMAND = [sys.executable, "-c", "from reconcile.cli.main import main; main()"]
SECRET = "the first line of another file"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "federations").mkdir()
    (tmp_path / "elsewhere.txt").write_text(f"{SECRET}\n")
    return tmp_path


def said(folder: Path, *words: str) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILE_", "CI", "GITHUB_"))}
    done = subprocess.run([*COMMAND, *words], cwd=folder, env=clean, capture_output=True)
    return (done.stdout + done.stderr).decode()


@pytest.mark.parametrize("shape", ["text", "json", "github", "gitlab"])
def test_a_link_prints_nothing_of_what_it_leads_to(folder: Path, shape: str) -> None:
    (folder / "federations/spf55.yaml").symlink_to(folder / "elsewhere.txt")
    text = said(folder, "validate", "--format", shape)
    assert "symbolic link" in text
    assert SECRET not in text


def test_a_pipe_is_no_file_and_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "federations/spf55.yaml")
    (one,) = load_federations(folder / "federations").diagnostics
    assert (one.code, one.message) == ("SPF101", "this is not an ordinary file")


@pytest.mark.parametrize("shape", ["text", "json", "github", "gitlab"])
@pytest.mark.parametrize(
    "name", ["x\n::error::forged.yaml", "x\x1b[2J.yaml", "x\r\n##[error]forged.yaml", "x\u202e.yaml"]
)
def test_a_files_name_begins_no_line_and_moves_no_cursor(folder: Path, name: str, shape: str) -> None:
    (folder / "federations" / name).write_text("code: '55'\n")
    text = said(folder, "validate", "--format", shape)
    assert "SPF604" in text
    assert not [line for line in text.splitlines() if line.startswith(("::error::forged", "##[error]forged"))]
    assert all(character.isprintable() for character in text.replace("\n", ""))


def test_a_name_in_no_encoding_is_told(folder: Path) -> None:
    os.close(os.open(os.fsencode(folder) + b"/federations/\xff.yaml", os.O_CREAT, 0o600))
    assert "SPF604" in said(folder, "validate")


def test_ninety_thousand_unknown_keys_are_told_in_few_words(folder: Path) -> None:
    keys = "".join(f"licance{n}: E1\n" for n in range(90_000))
    (folder / "federations/spf55.yaml").write_text(f'code: "55"\n{keys}'[:1_000_000].rpartition("\n")[0] + "\n")
    found = load_federations(folder / "federations").diagnostics
    assert 500 <= len(found) < 600
    assert any("more mistakes" in one.message for one in found)
