"""The catalogue of a language: what an English sentence is in it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import gettext
import numbers
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from reconcile.language.phrase import Phrase

Language = Literal["en", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

#: Where the catalogues are, in gettext's layout: ``fr/LC_MESSAGES/reconcile.mo``.
FOLDER = Path(__file__).parent
DOMAIN = "reconcile"


def as_it_is(text: str) -> str:
    """The text itself."""
    return text


@dataclasses.dataclass(frozen=True)
class Catalogue:
    """Says sentences in one language. What it does not know it says in English."""

    language: Language
    words: gettext.NullTranslations = dataclasses.field(default_factory=gettext.NullTranslations)

    def say(self, text: str, clean: Callable[[str], str] = as_it_is) -> str:
        """The sentence in this language. ``clean`` makes what others wrote (names, a server's words) fit to be shown.

        A ``Phrase`` is looked up by its template; any other text as it stands.
        """
        if not text:
            return text  # gettext keeps its own headers under the empty text
        if isinstance(text, Phrase):
            values = {name: self._value(value, clean) for name, value in text.values.items()}
            return self._template(text).format_map(values)
        known = self.words.gettext(text)
        return clean(text) if known == text else known

    def _template(self, phrase: Phrase) -> str:
        if phrase.plural is None:
            return self.words.gettext(phrase.template)
        many, number = phrase.plural
        return self.words.ngettext(phrase.template, many, number)

    def _value(self, value: object, clean: Callable[[str], str]) -> object:
        """A value as the sentence shows it: a sentence of ours is translated, a single word is somebody's."""
        if isinstance(value, Phrase) or (isinstance(value, str) and " " in value):
            return self.say(value, clean)
        return value if isinstance(value, (numbers.Number, dt.date, dt.time)) else clean(str(value))


ENGLISH = Catalogue("en")


def catalogue(language: Language) -> Catalogue:
    """What that language says. gettext reads a catalogue once."""
    if language == "en":
        return ENGLISH
    return Catalogue(language, gettext.translation(DOMAIN, FOLDER, [language]))
