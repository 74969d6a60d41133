"""An inventory from a CSV file, as an administrator or a panel exports it: in French or English, in any usual form."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from reconcile.config.inventory.inventory import Aspect, Kind
from reconcile.delimited_text import Row, Unreadable, letters, read_text, rows, separators
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import (
    Found,
    Reading,
    Scope,
    clean_address,
    clean_count,
    clean_day,
    clean_text,
)

#: Column → the titles it is known by: letters only, in lower case, without accents.
_TITLES: Mapping[str, tuple[str, ...]] = {
    "address": ("adresse", "address", "email", "mail", "adressemail"),
    "login": ("identifiant", "login", "username", "user", "compte"),
    "size": ("tailleoctets", "taille", "size", "bytes", "octets"),
    "messages": ("messages", "nombredemessages", "nbmessages"),
    "kind": ("type", "kind", "nature"),
    "targets": ("cible", "cibles", "target", "targets", "destination", "goto"),
    "last_used": ("dernieracces", "dernierusage", "derniereutilisation", "lastused", "lastlogin", "lastuse"),
    "filters": ("filtres", "filters"),
    "vacation": ("reponseautomatique", "reponseauto", "vacation", "absence"),
}
_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(("boite", "bal", "mailbox", "compte", "account"), "mailbox"),
    **dict.fromkeys(("alias",), "alias"),
    **dict.fromkeys(("redirection", "forward", "renvoi", "transfert"), "forward"),
    **dict.fromkeys(("liste", "list", "groupe", "group"), "list"),
    **dict.fromkeys(("attrapetout", "catchall"), "catch_all"),
}
_YES, _NO = ("oui", "o", "yes", "y", "true", "1", "x"), ("non", "n", "no", "false", "0")


class CsvFile:
    """A file with a line of titles; see ``_TITLES``. Without a column of kinds every line is a mailbox."""

    name = "csv"

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self, scope: Scope) -> Reading:
        """Raises Problem INV10 when it cannot be read, or has no column of addresses."""
        columns: Mapping[str, int] = {}
        found, doubts = list[Found](), dict[Aspect, str]()
        for line, row in self._rows():
            if not columns:
                columns = self._columns(row)
                continue
            cells = {name: row[place].strip() for name, place in columns.items() if place < len(row)}
            for aspect, doubt in _doubts(cells):
                doubts.setdefault(
                    aspect, Phrase("{file}:{line}: {doubt}", file=self._file.name, line=str(line), doubt=doubt)
                )
            one = _found(cells)
            if one is not None and scope.has(one.address):
                found.append(one)
        if not columns:
            raise Problem("INV10", Phrase("{file} is empty.", file=self._file), _HINT)
        everything: tuple[Aspect, ...] = ("mailboxes", "aliases", "lists", "catch_alls")
        return Reading(tuple(found), frozenset(everything if "kind" in columns else everything[:1]), doubts)

    def _rows(self) -> Iterator[Row]:
        """Those that are not blank."""
        try:
            text = read_text(self._file)
            yield from rows(text, separators(text)[0])
        except Unreadable as error:
            raise Problem(
                "INV10", Phrase("Cannot read {file}: {error}.", file=self._file, error=error), _HINT
            ) from None

    def _columns(self, titles: Sequence[str]) -> Mapping[str, int]:
        """Where each column stands."""
        known = {title: name for name, names in _TITLES.items() for title in names}
        columns: dict[str, int] = {}
        for place, cell in enumerate(titles):
            if (name := known.get(letters(cell))) is not None:
                columns.setdefault(name, place)
        if "address" not in columns:
            raise Problem(
                "INV10", Phrase("The first line of {file} names no column of addresses.", file=self._file), _HINT
            )
        return columns


_HINT = "a line of titles first: adresse;identifiant;taille_octets;messages;type;cible;dernier_acces"


def _found(cells: Mapping[str, str]) -> Found | None:
    address = clean_address(cells.get("address"))
    if not address:
        return None
    kind = _KINDS.get(letters(cells["kind"])) if cells.get("kind") else None
    if kind is None and not (cells.get("kind") or cells.get("targets")):
        kind = "catch_all" if address.startswith("@") else "mailbox"
    return Found(
        address=address,
        kind=kind,
        login=clean_text(cells.get("login")) or None,
        targets=tuple(target for target in map(clean_text, _several(cells.get("targets", ""))) if target),
        size=_count(cells.get("size", "")),
        messages=_count(cells.get("messages", "")),
        last_used=_day(cells.get("last_used", "")),
        filters=tuple(_several(cells["filters"])) if cells.get("filters") else () if "filters" in cells else None,
        vacation=_yes(cells.get("vacation", "")),
    )


def _doubts(cells: Mapping[str, str]) -> Iterator[tuple[Aspect, str]]:
    """What is written in a line and cannot be understood."""
    if not clean_address(cells.get("address")):
        yield "mailboxes", Phrase("{cell!r} is no address", cell=cells.get("address", "")[:60])
    if cells.get("kind") and letters(cells["kind"]) not in _KINDS:
        yield (
            "mailboxes",
            Phrase(
                "{cell!r} is no type of address (boîte, alias, redirection, liste, attrape-tout)",
                cell=cells["kind"][:60],
            ),
        )
    if cells.get("size") and _count(cells["size"]) is None:
        yield "sizes", Phrase("{cell!r} is no number of bytes", cell=cells["size"][:60])
    if cells.get("messages") and _count(cells["messages"]) is None:
        yield "messages", Phrase("{cell!r} is no number of messages", cell=cells["messages"][:60])
    if cells.get("last_used") and _day(cells["last_used"]) is None and cells["last_used"] != "0":
        yield "last_use", Phrase("{cell!r} is no date", cell=cells["last_used"][:60])


def _several(text: str) -> list[str]:
    return [
        part.strip().lower() if "@" in part else part.strip() for part in re.split(r"[,\s|;]+", text) if part.strip()
    ]


def _count(text: str) -> int | None:
    return clean_count(re.sub(r"[\s\u00a0\u202f']", "", text))


def _day(text: str) -> dt.date | None:
    french = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:[ T].*)?", text.strip())
    return clean_day(f"{french[3]}-{int(french[2]):02}-{int(french[1]):02}" if french else text)


def _yes(text: str) -> bool | None:
    word = letters(text) or text.strip()
    return True if word in _YES else False if word in _NO else None
