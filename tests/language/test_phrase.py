"""A sentence is an English text, and can still be said in French with the same values."""

from __future__ import annotations

import copy
import gettext
import json
import pickle

import pytest

from reconcile.language.catalogue import ENGLISH, Catalogue, catalogue
from reconcile.language.phrase import Phrase


class Known(gettext.NullTranslations):
    """A catalogue of three entries."""

    def gettext(self, message: str) -> str:
        return {"{who} has no {what}": "il manque {what} à {who}", "a name": "un nom", "do it": "le faire"}.get(
            message, message
        )

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return "{number} boîtes" if n > 1 else "{number} boîte"


FRENCH = Catalogue("fr", Known())


def test_it_is_the_english_sentence_to_whoever_knows_nothing_of_it() -> None:
    told = Phrase("{who} has no {what}", who="Anne", what="name")
    assert told == "Anne has no name"
    assert json.dumps([told]) == '["Anne has no name"]'
    assert ENGLISH.say(told) == "Anne has no name"


def test_a_phrase_within_is_translated_and_a_word_of_somebody_is_not() -> None:
    assert FRENCH.say(Phrase("{who} has no {what}", who="Anne", what=Phrase("a name"))) == "il manque un nom à Anne"
    assert FRENCH.say(Phrase("{who} has no {what}", who="name", what="phone")) == "il manque phone à name"
    assert FRENCH.say(Phrase("{said}!", said="do it")) == "le faire!"


def test_what_is_counted_has_the_form_of_the_language() -> None:
    said = [FRENCH.say(Phrase.counted("{number} mailbox", "{number} mailboxes", number)) for number in (0, 1, 2)]
    assert said == ["0 boîte", "1 boîte", "2 boîtes"]
    assert Phrase.counted("{number} mailbox", "{number} mailboxes", 0) == "0 mailboxes"


def test_only_what_others_wrote_is_cleaned() -> None:
    told = Phrase("{who} has no {what}", who="An\x1bne", what=Phrase("a name"))
    assert FRENCH.say(told, lambda text: text.replace("\x1b", "?")) == "il manque un nom à An?ne"
    assert FRENCH.say("\x1b[2J", lambda text: text.replace("\x1b", "?")) == "?[2J"


@pytest.mark.parametrize(
    "told",
    [Phrase("{who} has no {what}", who="Anne", what=Phrase("a name")), Phrase.counted("{number}", "{number}s", 2)],
)
def test_it_stays_one_when_it_is_copied_or_sent_to_another_process(told: Phrase) -> None:
    for again in (copy.deepcopy(told), pickle.loads(pickle.dumps(told))):  # noqa: S301
        assert again == told
        assert FRENCH.say(again) == FRENCH.say(told)


def test_braces_in_what_joins_and_in_values_are_no_fields() -> None:
    assert Phrase.joined(" {} ", ["{a}", "b"]) == "{a} {} b"


def test_what_the_catalogue_does_not_know_is_said_in_english() -> None:
    assert catalogue("fr").say(Phrase("nobody ever said {this}", this="so")) == "nobody ever said so"


def test_what_an_exception_says_stays_a_sentence() -> None:
    class LostError(Exception):
        pass

    why = Phrase("{who} has no {what}", who="Anne", what=Phrase("a name"))
    assert FRENCH.say(Phrase("{who} has no {what}", who="Paul", what=LostError(why))) == (
        "il manque il manque un nom à Anne à Paul"
    )
    assert FRENCH.say(Phrase("{said}!", said=ValueError("do it", 7))) == "('do it', 7)!"
