"""Characters pasted from a word processor: each named, placed, and told what to type instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconcile.config.document.characters import misplaced_characters
from reconcile.config.load import load_federations

SPACE, HYPHEN, NOTHING = "press the space bar", "type the hyphen", "it shows nothing"


@pytest.mark.parametrize(
    ("line", "column", "named", "hint"),
    [
        ("\u00a0 licence: E1", 1, "U+00A0 NO-BREAK SPACE", SPACE),
        ("  licence:\u202fE1", 11, "U+202F NARROW NO-BREAK SPACE", SPACE),
        ("  licence\u00a0: E1", 10, "U+00A0 NO-BREAK SPACE", SPACE),
        ("  -\u00a0am@spf55.org", 4, "U+00A0 NO-BREAK SPACE", SPACE),
        ("  \u2013 am@spf55.org", 3, "U+2013 EN DASH", HYPHEN),
        ("  \u2022 am@spf55.org", 3, "U+2022 BULLET", HYPHEN),
        ("  anne\u2011marie@spf55.org:", 7, "U+2011 NON-BREAKING HYPHEN", HYPHEN),
        ("  lou@spf\u201055.org:", 10, "U+2010 HYPHEN", HYPHEN),
        ("migration: {date: 2025\u201301-20}", 23, "U+2013 EN DASH", HYPHEN),
        ("name: Meu\u200bse", 10, "U+200B ZERO WIDTH SPACE", NOTHING),
        ("name: Meu\u00adse", 10, "U+00AD SOFT HYPHEN", NOTHING),
    ],
)
def test_it_is_named_at_its_place_with_what_to_type(line: str, column: int, named: str, hint: str) -> None:
    (flaw,) = misplaced_characters(f'code: "55"\n{line}\n')
    assert (flaw.code, flaw.line, flaw.column) == ("SPF101", 2, column)
    assert flaw.message.endswith(named)
    assert hint in flaw.hint


@pytest.mark.parametrize(
    "line",
    [
        "name: Secours populaire \u2013 Meuse",
        "name: Meurthe\u2011et\u2011Moselle",
        "display_name: \u00ab\u00a0Accueil\u00a0\u00bb et aide\u202f!",
        'display_name: "Meuse\u00a0: accueil"',
        "# un\u00a0commentaire\u202f: anne\u2011marie@spf55.org",
        "  directory: {last_name: Le\u00a0Roy, first_name: Anne\u2011Marie}",
    ],
)
def test_french_typography_inside_a_text_is_text(line: str) -> None:
    assert list(misplaced_characters(f"{line}\n")) == []


def test_a_merge_conflict_is_named_once_with_its_end() -> None:
    text = "a: 1\n<<<<<<< HEAD\nb: 1\n||||||| base\nb: 0\n=======\nb: 2\n>>>>>>> other\nc: 3\n"
    (flaw,) = misplaced_characters(text)
    assert (flaw.line, flaw.column) == (2, 1)
    assert flaw.message == "a merge conflict that git left in the file, down to line 8"


def test_a_text_that_is_too_long_is_measured_in_characters(tmp_path: Path) -> None:
    path = tmp_path / "spf55.yaml"
    path.write_text(
        'code: "55"\nname: Meuse\ndomain: spf55.org\nmailboxes:\n  lou@spf55.org:\n    licence: E1\n'
        f"    directory: {{last_name: {'P' * 65}, first_name: Lou}}\n",
        encoding="utf-8",
    )
    (error,) = [one for one in load_federations(tmp_path).errors if one.code == "SPF105"]
    assert "longer than 64 characters" in error.message
