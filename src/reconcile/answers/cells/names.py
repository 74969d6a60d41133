"""A person's names: out of capitals, without civility, in their own cells."""

from __future__ import annotations

import re
from typing import NamedTuple

from reconcile.answers.cells.text import clean, is_ditto
from reconcile.answers.finding import Said, Understood

_CIVILITY = re.compile(r"^(?:m|mr|mme|mlle|monsieur|madame|mademoiselle|dr)\b\.? +(?=\S)", re.IGNORECASE)
_PARTICLES = frozenset(("de", "du", "des", "d", "van", "von", "den", "der", "di", "da", "y"))


class Names(NamedTuple):
    last: str
    first: str


def names(last: str, first: str) -> Understood[Names]:
    """Both names of a row. What is all in capitals is written as a name; two names in one cell are told apart; what has
    no letter, or says « idem », is no name."""
    last, first = clean(last), clean(first)
    for text in (last, first):
        if text and (is_ditto(text) or not any(one.isalpha() for one in text)):
            told = f"« {text} » n’est pas un nom : écrivez le nom et le prénom."
            return Understood(None, (Said("WBK48", "error", told),))
    said: list[Said] = []
    bare_last, bare_first = _CIVILITY.sub("", last), _CIVILITY.sub("", first)
    if bare_last and not bare_first and (pair := _split(bare_last)):
        told = f"« {last} » a été lu {_cased(pair.first)} {_cased(pair.last)} (prénom, puis nom) : confirmez."
        return Understood(Names(_cased(pair.last), _cased(pair.first)), (Said("WBK49", "confirm", told),))
    if _capitals(bare_first) and bare_last and not _capitals(bare_last) and len(bare_first) > 2:
        told = f"« {first} » en capitales est-il le nom, et « {last} » le prénom ? Rien n’a été échangé : confirmez."
        said.append(Said("WBK49", "confirm", told))
    found = Names(_cased(bare_last), _cased(bare_first))
    if (found.last, found.first) != (last, first) and (last or first):
        told = f"« {first} {last} » a été écrit {found.first} {found.last}."
        said.append(Said("WBK49", "corrected", told))
    return Understood(found, tuple(said))


def _split(text: str) -> Names | None:
    """« DUPONT Camille » or « Camille DUPONT »: the capitals are the name. None when they do not tell."""
    words = text.split()
    upper = [word for word in words if _capitals(word) and len(word) > 1]
    lower = [word for word in words if word not in upper]
    if not upper or not lower:
        return None
    if words == [*upper, *lower] or words == [*lower, *upper]:
        return Names(" ".join(upper), " ".join(lower))
    return None


def _capitals(text: str) -> bool:
    letters = [one for one in text if one.isalpha()]
    return len(letters) > 1 and all(one.isupper() for one in letters)


def _cased(text: str) -> str:
    if not _capitals(text):
        return text
    words = re.split(r"([\s'’\-]+)", text)
    made = []
    for place, word in enumerate(words):
        particle = word.lower() in _PARTICLES and place + 2 < len(words)
        made.append(word.lower() if particle else word[:1].upper() + word[1:].lower())
    return "".join(made)
