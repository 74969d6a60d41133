"""Characters that look like others, as word processors write them, where a federation file cannot have them.

A no-break space or a dash inside a name is ordinary French typography. In the indentation, beside a colon, or in an
address it is a mistake that nobody sees, and that YAML blames on the next line.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from reconcile.config.document.flaw import Flaw
from reconcile.language.phrase import Phrase

#: Spaces that are not the space bar's.
_SPACES = "\u00a0\u2000-\u200a\u202f\u205f\u3000"
#: Dashes that are not the keyboard's.
_DASHES = "\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d"
#: What shows nothing at all, and means nothing in French.
_INVISIBLE = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"

_ANY = re.compile(f"[{_SPACES}{_DASHES}{_INVISIBLE}]")
_COMMENT = re.compile(r"[ \t]*#")
#: Where YAML takes a space for its own: before the first word, after a dash, and around the colon after a key.
_STRUCTURE = re.compile(
    rf"^[ ]*[{_SPACES}]|^[ ]*(?:- +)*-[{_SPACES}]|^[ ]*(?:- +)*[\w.@+\"'-]+ *[{_SPACES}]+ *:(?=\s|$)"
    rf"|^[ ]*(?:- +)*[\w.@+\"'-]+:[{_SPACES}]"
)
_BULLET = re.compile(rf"^[ ]*[{_DASHES}\u2022](?=[ {_SPACES}])")
_ADDRESS = re.compile(r"[^ \t:,\[\]{}\"'#<>;]*@[^ \t:,\[\]{}\"'#<>;]*")
_DATE = re.compile(rf"[0-9]{{4}}[-{_DASHES}][0-9]{{1,2}}[-{_DASHES}][0-9]{{1,2}}(?![0-9])")
_CONFLICT = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)|^={7}$")


def misplaced_characters(text: str) -> Iterator[Flaw]:
    """A flaw for each such character, at its own line and column, and one for each merge conflict left in the text."""
    lines = re.split("\r\n|\r|\n", text)
    yield from _conflicts(lines)
    if not _ANY.search(text) and "\u2022" not in text:
        return
    for number, line in enumerate(lines, 1):
        if _COMMENT.match(line):
            continue
        for column in sorted(_columns(line)):
            character = line[column]
            message = Phrase("a character that looks like another: {character}", character=_named(character))
            yield Flaw("SPF101", number, column + 1, message, _type(character))


def _columns(line: str) -> set[int]:
    """The places, from 0, of what cannot stand where it stands."""
    found = {match.start() for match in re.finditer(f"[{_INVISIBLE}]", line)}
    for pattern in (_STRUCTURE, _BULLET):
        if match := pattern.search(line):
            odd = [place for place in range(match.start(), match.end()) if _odd(line[place])]
            found.update(odd[:1])
    for match in (*_ADDRESS.finditer(line), *_DATE.finditer(line)):
        found.update(place for place in range(match.start(), match.end()) if _odd(line[place]))
    return found


def _odd(character: str) -> bool:
    return character == "\u2022" or _ANY.fullmatch(character) is not None


def _named(character: str) -> str:
    return f"U+{ord(character):04X} {unicodedata.name(character, 'without a name')}"


def _type(character: str) -> str:
    if re.fullmatch(f"[{_SPACES}]", character):
        return Phrase("delete it and press the space bar")
    if re.fullmatch(f"[{_DASHES}\u2022]", character):
        return Phrase("delete it and type the hyphen of the keyboard: -")
    return Phrase("delete it: it shows nothing")


def _conflicts(lines: list[str]) -> Iterator[Flaw]:
    """Each merge conflict, at its first mark."""
    begun = 0
    for number, line in enumerate(lines, 1):
        if not _CONFLICT.match(line):
            continue
        if line.startswith("<") or not begun:
            begun = number
            end = next((place for place in range(number, len(lines)) if lines[place].startswith(">" * 7)), None)
            until = Phrase(", down to line {end}", end=end + 1) if end else ""
            hint = Phrase("keep what is right of both sides and delete the lines <<<<<<<, ======= and >>>>>>>")
            yield Flaw(
                "SPF101", number, 1, Phrase("a merge conflict that git left in the file{until}", until=until), hint
            )
        if line.startswith(">"):
            begun = 0
