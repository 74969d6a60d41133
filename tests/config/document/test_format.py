"""``fmt``: the canonical form says the same, keeps every comment, and is its own canonical form."""

from __future__ import annotations

import collections
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.scenarios.stage import ROOT

from reconcile.config.document.document import read_document
from reconcile.config.document.format import as_before, formatted
from reconcile.problem import Problem

UNTIDY = """\
# In-tête : reste en haut.

mailboxes:

    # Une personne.
    lou.petit@spf55.org:          # depuis 2019
        directory: { first_name: Lou, last_name: 'Petit' }   # elle
        licence: 'E1'


        # n'écrit qu'en son nom
        new: yes
    contact@spf55.org:
        delegates:
        # la présidente
        - rights: [read]
          who: lou.petit@spf55.org   # lit
        licence: "Partagée"
    # parti.depuis@spf55.org: à réveiller
code: 55
domain: "spf55.org"   # le domaine
"""

TIDY = """\
# In-tête : reste en haut.

code: "55"
domain: spf55.org     # le domaine
mailboxes:
  # Une personne.
  lou.petit@spf55.org:            # depuis 2019
    licence: E1

    # n'écrit qu'en son nom
    new: yes
    directory: {last_name: Petit, first_name: Lou}           # elle
  contact@spf55.org:
    licence: Partagée
    delegates:
      # la présidente
      - who: lou.petit@spf55.org     # lit
        rights: [read]
  # parti.depuis@spf55.org: à réveiller
"""


def test_keys_quotes_and_indentation_are_the_models_and_comments_stay_with_what_they_are_about() -> None:
    assert formatted(UNTIDY, "spf55.yaml") == TIDY


@pytest.mark.parametrize("path", sorted((ROOT / "federations").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_repository_s_own_files_are_in_their_canonical_form(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert formatted(text, path.name) == text


def test_what_does_not_fit_between_brackets_stands_on_lines_of_its_own() -> None:
    long = "x" * 60
    text = f'code: "55"\ncontact: {{phone: "{long}", name: {long}}}\n'
    assert f"contact:\n  name: {long}\n  phone: " in formatted(text, "spf55.yaml")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("code: [", "FMT01"),
        ("- a\n- b\n", "FMT01"),
        ("code: 1\ncode: 2\n", "FMT01"),
        ("", "FMT01"),
        ("code: &a 1\n", "FMT01"),
        ("{code: 1}\n", "FMT02"),
        ("subdomains: [a,   # le premier\n  b]\n", "FMT02"),
        ("name: |\n  a # no comment\n  b\n", "FMT02"),
    ],
)
def test_what_cannot_be_formatted_is_said_and_never_guessed(text: str, code: str) -> None:
    with pytest.raises(Problem) as refused:
        formatted(text, "spf55.yaml")
    assert refused.value.code == code


def test_a_change_of_a_file_that_is_not_canonical_shows_nothing_but_itself() -> None:
    changed = UNTIDY.replace("'E1'", "'E3'")
    assert as_before(UNTIDY, changed, "spf55.yaml") == changed
    assert as_before(TIDY, TIDY.replace("E1", "'E3'"), "spf55.yaml") == TIDY.replace("E1", "E3")


WORDS = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" \u00a0"), max_size=12)
KEYS = st.sampled_from(
    [
        "code",
        "name",
        "domain",
        "phone",
        "licence",
        "directory",
        "aliases",
        "who",
        "new",
        "mailboxes",
        "structures",
        "zut",
    ]
)
TREES = st.recursive(
    WORDS | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def written(draw: st.DrawFn) -> str:
    """A file as somebody may have written it: any order, quotes, brackets, indentation, blank lines and comments."""

    def flow(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key}: {flow(one)}" for key, one in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(flow, value)) + "]"
        if value is None:
            return "null"
        single = draw(st.booleans())
        return "'" + value.replace("'", "''") + "'" if single else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'

    def aside() -> str:
        return draw(st.sampled_from(["", "", "", "  # à côté", " # é: [x"]))

    def above(indent: int) -> list[str]:
        return draw(st.lists(st.sampled_from(["", " " * indent + "# dessus", " " * indent + "#: {a"]), max_size=2))

    def block(value: Any, indent: int) -> list[str]:
        step = draw(st.sampled_from([2, 4]))
        lines: list[str] = []
        for key, one in value.items() if isinstance(value, dict) else [(None, one) for one in value]:
            start = " " * indent + ("-" if key is None else f"{key}:")
            lines += above(indent)
            if key is not None and isinstance(one, dict | list) and one and draw(st.booleans()):
                lines += [start + aside(), *block(one, indent + step)]
            else:
                lines.append(f"{start} {flow(one)}{aside()}")
        return lines

    root = draw(st.dictionaries(KEYS, TREES, min_size=1, max_size=5))
    return "\n".join([*above(0), *block(root, 0), *above(0)]) + "\n"


@given(written())
def test_whatever_was_written_it_says_the_same_and_keeps_its_comments(text: str) -> None:
    result = formatted(text, "spf55.yaml")
    assert read_document(result).tree == read_document(text).tree
    assert comments(result) == comments(text)
    assert formatted(result, "spf55.yaml") == result
    assert not any(line != line.rstrip() for line in result.splitlines())


def comments(text: str) -> collections.Counter[str]:
    """No value of these texts holds one of these words."""
    return collections.Counter(re.findall(r"# à côté|# é: \[x|# dessus|#: \{a", text))
