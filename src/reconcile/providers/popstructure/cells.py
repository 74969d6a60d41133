"""From the cells of an export to what is kept of a structure; what cannot be understood is said, never guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from reconcile.config.federation.atrium import AtriumNumber, atrium_number
from reconcile.config.structures.register import Fact
from reconcile.language.phrase import Phrase

#: What the tenant keeps of each (Graph: user).
_LONGEST: dict[Fact, int] = {"name": 128, "street": 1024, "city": 128, "website": 64, "networks": 64}


_UNSEEN = ("Cc", "Cf", "Cn", "Co", "Cs")


class Doubt(Exception):
    """A cell that cannot be understood; the message says why."""


def number_of(cell: str) -> AtriumNumber | None:
    """The structure's number, of a whole code or of digits, also when a spreadsheet took them for a decimal."""
    return atrium_number(re.sub(r"\.0+$", "", line_of(cell).upper()))


def line_of(cell: str) -> str:
    """One clean line: no invisible character, no double blank, accents composed; line breaks become commas."""
    text = unicodedata.normalize("NFC", cell)
    text = re.sub(r"\s*(\r\n|\r|\n|\u2028|\u2029|_x000D_)+\s*", ", ", text.strip())
    seen = (char for char in text if char == "\t" or unicodedata.category(char) not in _UNSEEN)
    return re.sub(r"\s+", " ", "".join(seen)).strip(" ,")


def fact_of(fact: Fact, cells: Sequence[tuple[str, str]]) -> str | None:
    """What the cells of one fact say, each with its title; None when all are empty. Raises ``Doubt``."""
    filled = [(title, line) for title, cell in cells if (line := line_of(cell)) and line not in ("-", "–", "/", "?")]
    if not filled:
        return None
    match fact:
        case "postal_code":
            return _postal_code(filled[0][1])
        case "website":
            return _fitting(fact, _website(filled[0][1]))
        case "networks":
            return _fitting(fact, " · ".join(_network(title, line) for title, line in filled))
        case _:
            return _fitting(fact, ", ".join(dict.fromkeys(line for _, line in filled)))


def _postal_code(line: str) -> str:
    digits = re.sub(r"\.0+$", "", line).replace(" ", "")
    if re.fullmatch("[0-9]{4}", digits):  # a spreadsheet ate the zero of 01000
        digits = f"0{digits}"
    if not re.fullmatch("[0-9]{5}", digits):
        raise Doubt(Phrase("{line!r} is no postal code", line=line[:40]))
    return digits


def _website(line: str) -> str:
    address = line if re.match("https?://", line, re.IGNORECASE) else f"https://{line}"
    if not re.fullmatch(r"(?i:https?)://[^\s/@]+\.[^\s<>\"']+", address):
        raise Doubt(Phrase("{line!r} is no web address", line=line[:60]))
    return address


def _network(title: str, line: str) -> str:
    """A page without what every address has; an account under the name of its network."""
    if re.match(r"(?i:https?://|www\.)", line) or re.fullmatch(r"[^\s]+\.[a-z]{2,}/[^\s]*", line):
        return re.sub(r"(?i:^https?://(www\.)?|^www\.)|/$", "", line)
    return line if _generic(title) else f"{line_of(title)} : {line}"


def _generic(title: str) -> bool:
    return re.search("(?i:r[ée]seau|network|social)", unicodedata.normalize("NFC", title)) is not None


def _fitting(fact: Fact, line: str) -> str:
    if len(line) > _LONGEST[fact]:
        raise Doubt(
            Phrase(
                "{line!r}… is longer than the {longest} characters the tenant keeps",
                line=line[:40],
                longest=_LONGEST[fact],
            )
        )
    return line
