"""A first password that is read aloud, printed and typed: four French words and two digits. Pure."""

from __future__ import annotations

import functools
import importlib.resources
import itertools
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator

from reconcile.problem import Problem

WORDS, DIGITS = 4, 2
#: A name's part shorter than this may stand in a password (Microsoft, "Eliminate bad passwords": the user's first and
#: last name and the tenant's, from four letters on, are refused as a substring).
SHORTEST_NAME = 4
#: Draws before one gives up on names that hold half the dictionary.
_DRAWS = 10_000

#: A number from 0 to one less than the argument, each as likely.
Draw = Callable[[int], int]


def passphrase(names: Collection[str], draw: Draw) -> str:
    """``Tailler-fiole-enjeu-peplum-75``: ASCII, four classes of characters, at least 50 bits (``entropy``), no part of
    ``names`` (of the person, of the tenant) in it, however it is disguised.

    ``draw`` must be unpredictable. Raises ``Problem`` SEC03 when the names leave no words.
    """
    parts = forbidden(names)
    words = dictionary()
    for _ in range(_DRAWS):
        chosen = [words[draw(len(words))] for _ in range(WORDS)]
        digits = "".join(str(draw(10)) for _ in range(DIGITS))
        phrase = "-".join([chosen[0].capitalize(), *chosen[1:], digits])
        if not holds_a_name(phrase, parts):
            return phrase
    raise Problem("SEC03", "No password can be made that holds no part of the names given.", "shorten the names")


def entropy() -> float:
    """Bits of a passphrase, before those that hold a name are left out: a few in ten thousand."""
    return WORDS * math.log2(len(dictionary())) + DIGITS * math.log2(10)


@functools.cache
def dictionary() -> tuple[str, ...]:
    """The words, in lower case and without accents, each once."""
    text = (importlib.resources.files("reconcile.passwords") / "words.txt").read_text(encoding="ascii")
    return tuple(text.split())


def forbidden(names: Collection[str]) -> frozenset[str]:
    """What no password may contain: the words of these names, and each name written in one, as ``disguised`` says."""
    return frozenset(part for name in names for part in _parts(name) if len(part) >= SHORTEST_NAME)


def holds_a_name(phrase: str, parts: Collection[str]) -> bool:
    """Whether one of the forbidden parts is in it, across hyphens too."""
    plain = disguised(phrase)
    letters = "".join(filter(str.isalnum, plain))
    return any(part in plain or part in letters for part in parts)


def disguised(text: str) -> str:
    """The text as Entra compares it: lower case, without accents, 0 as o, 1 as l, $ as s, @ as a."""
    text = text.lower().replace("œ", "oe").replace("æ", "ae").replace("ß", "ss").replace("ł", "l").replace("ø", "o")
    bare = "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))
    return bare.translate(_DISGUISES)


_DISGUISES = str.maketrans({"0": "o", "1": "l", "$": "s", "@": "a"})


def _parts(name: str) -> Iterator[str]:
    """An address is two names: what stands before its @, and each label of its domain."""
    for piece in name.split("@"):
        words = [disguised(word) for word in re.split(r"[^\w$]|_", piece) if word]
        yield from words
        if "." not in piece:
            yield from ("".join(words[a:b]) for a, b in itertools.combinations(range(len(words) + 1), 2))
