"""The language people are spoken to: --lang, RECONCILE_LANG, [network] language, and what is never translated."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [sys.executable, "-c", "from reconcile.cli.main import main; main()"]

WRONG = """\
name: Ille-et-Vilaine
code: "55"
domain: spf55.org
mailboxes:
  accueil@spf55.org: {licence: Partagée}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A federation file with a mistake, and no settings."""
    (tmp_path / "federations").mkdir()
    (tmp_path / "federations" / "spf55.yaml").write_text(WRONG, encoding="utf-8")
    return tmp_path


def said(folder: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("RECONCILE_", "LANG"))}
    return subprocess.run(
        [*COMMAND, *words],
        cwd=folder,
        env=clean | environment,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


def test_help_is_in_french_when_asked_for_wherever_the_option_stands(folder: Path) -> None:
    first, last = said(folder, "--lang", "fr", "validate", "--help"), said(folder, "validate", "--help", "--lang=fr")
    assert first.stdout == last.stdout
    assert "Vérifier les fichiers de fédération" in first.stdout
    assert "Options\N{NO-BREAK SPACE}:" in first.stdout
    assert "[par défaut\N{NO-BREAK SPACE}: text]" in first.stdout


def test_the_words_of_click_are_french_too(folder: Path) -> None:
    done = said(folder, "validate", "--frob", RECONCILE_LANG="fr")
    assert done.returncode == 64
    assert "L'option '--frob' n'existe pas." in done.stderr
    assert "Error" not in done.stderr


def test_a_mistyped_command_is_asked_after_in_french(folder: Path) -> None:
    nbsp, narrow = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"
    done = said(folder, "--lang", "fr", "plam")
    assert f"«{nbsp}plam{nbsp}» n'existe pas. Vouliez-vous dire «{nbsp}plan{nbsp}»{narrow}?" in done.stderr


def test_the_network_speaks_french_by_its_settings_and_somebody_may_ask_for_english(folder: Path) -> None:
    (folder / "reconcile.toml").write_text('[network]\nlanguage = "fr"\n', encoding="utf-8")
    assert "Usage\N{NO-BREAK SPACE}:" in said(folder, "plan", "--frob").stderr
    assert "Usage: " in said(folder, "--lang", "en", "plan", "--frob").stderr
    assert "Usage: " in said(folder, "plan", "--frob", RECONCILE_LANG="en").stderr
    elsewhere = said(folder / "federations", "--chdir", "..", "plan", "--frob")
    assert "Usage\N{NO-BREAK SPACE}:" in elsewhere.stderr


def test_what_is_wrong_with_a_file_is_said_in_french(folder: Path) -> None:
    done = said(folder, "--lang", "fr", "validate")
    assert done.returncode == 3
    first, _, _, hint = done.stdout.splitlines()[:4]
    assert first.endswith("SPF201 erreur: la boîte partagée accueil@spf55.org n'a pas de délégué")
    nbsp = "\N{NO-BREAK SPACE}"
    assert hint.strip() == f"→ lister sous «{nbsp}delegates{nbsp}» les personnes qui y travaillent"
    assert "1 fichier de fédération" in done.stdout


def test_a_refused_command_says_why_in_french_and_keeps_its_code(folder: Path) -> None:
    (folder / "reconcile.toml").write_text("[network]\nlanguage = 'fr'\n[prices]\ne3 = 'dear'\n", encoding="utf-8")
    done = said(folder, "validate")
    assert done.returncode == 3
    assert done.stderr.startswith("CFG02 reconcile.toml\N{NO-BREAK SPACE}: ")
    assert "cette clé manque (et" in done.stderr or "cette clé est inconnue" in done.stderr


def test_a_language_that_is_not_spoken_is_wrong_usage(folder: Path) -> None:
    for done in (said(folder, "--lang", "de", "plan"), said(folder, "plan", RECONCILE_LANG="de")):
        assert done.returncode == 64
        assert "is not one of 'en', 'fr'" in done.stderr


def test_programs_read_the_same_in_any_language(folder: Path) -> None:
    for shape in ("json", "github", "gitlab"):
        english = said(folder, "validate", "--format", shape)
        french = said(folder, "--lang", "fr", "validate", "--format", shape)
        assert (english.stdout, english.returncode) == (french.stdout, french.returncode) != ("", 0)
    assert json.loads(said(folder, "--lang", "fr", "validate", "--format", "json").stdout)["valid"] is False
