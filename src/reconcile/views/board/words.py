"""What the board says, in French and in English: a sentence by its name, the same names in both."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from reconcile.views.board.english import ENGLISH
from reconcile.views.board.french import FRENCH

Language = Literal["en", "fr"]
CATALOGUES: Mapping[Language, Mapping[str, str]] = MappingProxyType({"en": ENGLISH, "fr": FRENCH})


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """The board's words in one language."""

    language: Language

    def __call__(self, name: str, /, **values: object) -> str:
        """The sentence of that name with its values filled in. Raises KeyError for a name that does not exist."""
        sentence = CATALOGUES[self.language][name]
        return sentence.format(**values) if values else sentence

    def count(self, number: int, name: str) -> str:
        """``1 boîte``, ``3 boîtes``: of the two forms under that name. In French, 0 is singular."""
        return f"{self.number(number)} {self.form(number, name)}"

    def form(self, number: int, name: str) -> str:
        """Of the two forms under that name the one that goes with the number."""
        singular, plural = CATALOGUES[self.language][name].split("|")
        return singular if (number < 2 if self.language == "fr" else number == 1) else plural

    def number(self, number: int) -> str:
        """``2 000`` or ``2,000``."""
        grouped = f"{number:,}"
        return grouped.replace(",", "\N{NARROW NO-BREAK SPACE}") if self.language == "fr" else grouped

    def decimal(self, number: float, digits: int = 1) -> str:
        """``1,4`` or ``1.4``."""
        grouped = f"{number:,.{digits}f}"
        if self.language == "en":
            return grouped
        return grouped.replace(",", "\N{NARROW NO-BREAK SPACE}").replace(".", ",")

    def size(self, volume: float) -> str:
        """``9,6 Mo`` or ``9.6 MB``: powers of a thousand."""
        unit = "o" if self.language == "fr" else "B"
        if volume < 1000:
            return f"{volume:.0f}\N{NO-BREAK SPACE}{'octets' if self.language == 'fr' else 'B'}"
        for prefix in ("k", "M", "G", "T"):
            volume /= 1000
            if volume < 999.95 or prefix == "T":
                break
        return f"{self.decimal(volume)}\N{NO-BREAK SPACE}{prefix}{unit}"

    def duration(self, seconds: float) -> str:
        """``8 s``, ``3 min``, ``2 h 10``, ``3 jours``: what somebody who waits wants to know, and no more."""
        whole = round(seconds)
        if whole < 60:
            return f"{whole}\N{NO-BREAK SPACE}s"
        if whole < 3600:
            return f"{whole // 60}\N{NO-BREAK SPACE}min"
        if whole < 48 * 3600:
            return f"{whole // 3600}\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}{whole % 3600 // 60:02}"
        return self.count(round(whole / 86400), "days")
