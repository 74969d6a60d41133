"""The board says the same in both languages, and says nothing that has no words."""

from __future__ import annotations

import importlib.resources
import re
import string
from pathlib import Path

import pytest

from reconcile.applying.outcome import Result
from reconcile.planning.gates.gate import GATES
from reconcile.planning.letters import LetterState
from reconcile.planning.plan.plan import Action
from reconcile.planning.status import STEPS, State
from reconcile.resources.notices import Letter
from reconcile.views.board import phases, words
from reconcile.views.board.calendar import When
from reconcile.views.board.english import ENGLISH
from reconcile.views.board.french import FRENCH
from reconcile.views.board.words import CATALOGUES, Language, Words

TEMPLATES = importlib.resources.files("reconcile.views.board") / "templates"
#: Sentences named by a value of the tool's.
NAMED = {
    *(f"gate.{code}" for code in GATES),
    *(f"state.{one.name}" for one in State),
    *(f"standing.{one.name}" for one in LetterState),
    *(f"letter.{one.value}" for one in Letter),
    *(f"action.{one.name.lower()}" for one in Action),
    *(f"tally.{one.value}" for one in Result),
    *(f"copy.{state}" for state in phases.COPY_CLASSES),
    *(one.value for one in When),
    # Of the pages by which one signs in.
    *("sign_in", "signed_out", "sign_in_lost", "sign_in_no_role", "sign_in_failed"),
    *STEPS,
}


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_languages_have_the_same_sentences_with_the_same_places_to_fill() -> None:
    assert ENGLISH.keys() == FRENCH.keys()
    assert {name for name in ENGLISH if places(ENGLISH[name]) != places(FRENCH[name])} == set()
    assert {name for name in ENGLISH if ENGLISH[name].count("|") != FRENCH[name].count("|")} == set()


def test_what_the_tool_may_name_has_words() -> None:
    assert ENGLISH.keys() >= NAMED


def test_every_sentence_is_said_and_every_one_said_is_there() -> None:
    texts = [one.read_text(encoding="utf-8") for one in TEMPLATES.iterdir() if one.name.endswith(".html")]
    said = {name for text in texts for name in re.findall(r't(?:\.count|\.form)?\((?:[^"()]*, )?"([^"]+)"', text)}
    assert {name for name in said if not name.endswith(".")} - ENGLISH.keys() == set()
    code = "".join([*texts, *(Path(module.__file__).read_text(encoding="utf-8") for module in (phases, words))])
    silent = {name for name in ENGLISH.keys() - NAMED if f'"{name}"' not in code}
    assert {name for name in silent if not name.startswith(("result.", "moment."))} == set()


@pytest.mark.parametrize("language", CATALOGUES)
def test_numbers_sizes_and_waits_are_said_as_the_language_writes_them(language: Language) -> None:
    told = Words(language)
    said = (told.number(12_345), told.size(9_600_000), told.duration(7_800), told.count(0, "boxes"))
    spaced = tuple(re.sub(r"[\u00a0\u202f]", " ", one) for one in said)
    expected = {
        "fr": ("12 345", "9,6 Mo", "2 h 10", "0 boîte"),
        "en": ("12,345", "9.6 MB", "2 h 10", "0 mailboxes"),
    }
    assert spaced == expected[language]
