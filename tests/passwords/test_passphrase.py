"""Passwords that volunteers type: what they are made of, what they never hold, how hard they are to guess."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.passwords.passphrase import dictionary, disguised, entropy, forbidden, holds_a_name, passphrase
from reconcile.problem import Problem


def drawing(seed: int) -> Callable[[int], int]:
    return random.Random(seed).randrange  # noqa: S311 - repeatable, not secret


@given(st.integers(0, 10**9))
def test_four_words_and_two_digits_of_all_four_classes(seed: int) -> None:
    phrase = passphrase([], drawing(seed))
    assert re.fullmatch(r"[A-Z][a-z]{4,7}(-[a-z]{5,8}){3}-\d\d", phrase), phrase


def test_guessing_takes_fifty_bits() -> None:
    # CNIL, 2022: enough where attempts are limited, as Entra limits them.
    assert entropy() > 50
    assert len(set(dictionary())) == len(dictionary()) == 1892


def test_every_word_can_be_drawn() -> None:
    numbers = itertools.count()
    drawn = set()
    while len(drawn) < len(dictionary()):
        drawn |= set(passphrase([], lambda size: next(numbers) % size).lower().split("-")[:4])
    assert drawn >= set(dictionary())


NAMES = st.text(alphabet=st.characters(codec="utf-8"), max_size=40)


@given(st.lists(NAMES, max_size=4), st.integers(0, 10**6))
def test_no_part_of_a_name_is_in_it(names: list[str], seed: int) -> None:
    phrase = passphrase(names, drawing(seed))
    plain = "".join(filter(str.isalpha, phrase)).lower()
    for name in names:
        for part in re.split(r"[\W\d_]+", disguised(name)):
            assert len(part) < 4 or part not in plain


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("Rose", "Arroser-fiole-enjeu-peplum-75"),
        ("Marin", "Mariner-fiole-enjeu-peplum-75"),
        ("Élise", "Baleine-fiole-ecclelise-peplum-75"),
        ("Jean-Marc", "Tailler-jeanmarc-enjeu-peplum-75"),
        ("Jean-Marc", "Tailler-jean-marcher-peplum-75"),
        ("L0la", "Tailler-alola-enjeu-peplum-75"),
        ("LOLO", "Tailler-enjeu-peplum-lo-10"),  # 10 is read lo
        ("Vallon", "Vallon-enjeu-peplum-noyer-75"),
        ("marie.dubois@spf55.org", "Tailler-dubois-enjeu-peplum-75"),
    ],
)
def test_names_are_found_however_they_are_disguised(name: str, phrase: str) -> None:
    assert holds_a_name(phrase, forbidden([name]))


def test_short_names_are_not_looked_for() -> None:
    assert not forbidden(["Léa", "Guy", "Ana"])
    assert forbidden(["Ana Dora"]) == {"dora", "anadora"}


def test_a_name_that_is_half_the_dictionary_is_told() -> None:
    with pytest.raises(Problem, match="No password") as refusal:
        passphrase(dictionary(), drawing(1))
    assert refusal.value.code == "SEC03"
