"""A CSV export of PopStructure, as it is handed out or as a spreadsheet saved it again."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from reconcile.config.structures.register import FACTS, Fact, Register, RegisteredStructure
from reconcile.delimited_text import Row, Unreadable, letters, read_text, rows, separators
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.popstructure.cells import Doubt, fact_of, number_of

Column = Literal["code", "name", "street", "postal_code", "city", "website", "networks"]

#: Column → the titles it is known by, as ``letters`` gives them. Several columns of a fact make one line.
_TITLES: Mapping[Column, tuple[str, ...]] = {
    "code": ("codestructure", "code", "identifiantatrium", "idatrium", "atrium", "identifiant"),
    "name": ("nom", "libelle", "intitule", "nomstructure", "nomdelastructure", "denomination", "structure", "name"),
    "street": ("adresse", "adressepostale", "rue", "voie", "complement", "complementadresse", "street", "address"),
    "postal_code": ("codepostal", "cp", "postalcode"),
    "city": ("ville", "commune", "localite", "city"),
    "website": ("site", "siteweb", "siteinternet", "adressedusite", "url", "web", "website"),
    "networks": (
        *("reseaux", "reseauxsociaux", "networks", "facebook", "instagram", "twitter", "linkedin"),
        *("youtube", "tiktok", "bluesky", "mastodon"),
    ),
}
#: The titles stand in one of so many first rows: exports open with a heading.
_HEADING = 15
_HINT = "a row of titles first, Code structure among them; or name them under [structures.csv.columns]"


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """``doubts``: what stands in the export and could not be understood, with its line."""

    register: Register
    doubts: tuple[str, ...]


class CsvExport:
    """``columns``: the titles of an export that are not the usual ones."""

    def __init__(self, file: Path, columns: Mapping[Column, Sequence[str]]) -> None:
        self._file = file
        self._own = columns

    def read(self, now: dt.datetime) -> Reading:
        """Raises Problem STR10 when it cannot be read or has no column of codes, STR11 when a title that
        reconcile.toml names is not there."""
        try:
            titles, body = self._table()
            return self._read(titles, body, now)
        except Unreadable as error:
            raise Problem(
                "STR10", Phrase("Cannot read {file}: {error}.", file=self._file, error=error), _HINT
            ) from None

    def _read(self, titles: tuple[str, ...], body: Iterator[Row], now: dt.datetime) -> Reading:
        columns = self._columns(titles)
        facts = tuple(fact for fact in FACTS if columns.get(fact))
        found: dict[int, RegisteredStructure] = {}
        doubts: list[str] = []
        for line, cells in body:
            place = columns["code"][0]
            code = cells[place] if place < len(cells) else ""
            number = number_of(code)
            if number is None:
                doubts.append(
                    Phrase(
                        "{name}:{line}: {code!r} is no code of a structure",
                        name=self._file.name,
                        line=line,
                        code=code.strip()[:60],
                    )
                )
                continue
            said: dict[Fact, str | None] = {}
            for fact in facts:
                filled = [(titles[at], cells[at]) for at in columns[fact] if at < len(cells)]
                try:
                    said[fact] = fact_of(fact, filled)
                except Doubt as doubt:
                    said[fact] = None
                    doubts.append(
                        Phrase(
                            "{name}:{line}: structure {number}, {fact}: {doubt}",
                            name=self._file.name,
                            line=line,
                            number=number,
                            fact=fact,
                            doubt=doubt,
                        )
                    )
            whole = " ".join(code.upper().split()) if number.department else ""
            one = RegisteredStructure(int(number), whole, number.department, said)
            if found.setdefault(one.number, one) != one:
                doubts.append(
                    Phrase(
                        "{name}:{line}: structure {number} stands there twice; the first counts",
                        name=self._file.name,
                        line=line,
                        number=number,
                    )
                )
        register = Register(now.astimezone(dt.UTC).replace(microsecond=0), self._file.name, facts, found)
        return Reading(register, tuple(doubts))

    def _table(self) -> tuple[tuple[str, ...], Iterator[Row]]:
        """The titles, and the rows below them; by whichever separator there are any."""
        text = read_text(self._file)
        for separator in separators(text):
            body = rows(text, separator)
            for _, (_, cells) in zip(range(_HEADING), body, strict=False):
                if any(letters(cell) in self._known("code") for cell in cells):
                    return cells, body
        raise Problem(
            "STR10",
            Phrase("{file} has no column of codes among its first {heading} rows.", file=self._file, heading=_HEADING),
            _HINT,
        )

    def _columns(self, titles: Sequence[str]) -> Mapping[Column, list[int]]:
        """Where each column stands."""
        named = [letters(title) for title in titles]
        for column, wanted in self._own.items():
            for title in wanted:
                if letters(title) not in named:
                    hint = Phrase(
                        "its titles are: {title}",
                        title=", ".join(title.strip() for title in titles if title.strip())[:400],
                    )
                    raise Problem(
                        "STR11",
                        Phrase(
                            "{file} has no column {title!r} ({column}).", file=self._file, title=title, column=column
                        ),
                        hint,
                    )
        return {
            column: [place for place, title in enumerate(named) if title in self._known(column)] for column in _TITLES
        }

    def _known(self, column: Column) -> Sequence[str]:
        own = self._own.get(column)
        return _TITLES[column] if own is None else [letters(title) for title in own]
