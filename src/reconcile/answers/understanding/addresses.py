"""Which address each row is about, and who bears which name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from reconcile.answers.cells.address import address as read_address
from reconcile.answers.cells.licence import licence as read_licence
from reconcile.answers.cells.text import folded
from reconcile.answers.finding import Said
from reconcile.answers.table import Record
from reconcile.answers.understanding.known import Known
from reconcile.answers.understanding.row import AnsweredRow
from reconcile.documents.workbook.columns import ALIAS, SHARED


def answered_rows(records: Sequence[Record], known: Known) -> list[AnsweredRow]:
    """The rows, each with its address: by what is written in it, never by where it stands."""
    rows = [_row(record, known) for record in records]
    _once(rows)
    return rows


def _row(record: Record, known: Known) -> AnsweredRow:
    written = record.cells.get("address", "")
    row = AnsweredRow(record)
    if written.lower() in known.asked:
        row.address = written.lower()
    elif written:
        found = read_address(written, known.domains)
        row.say("address", *found.said)
        row.address = found.value or ""
    else:
        row.say("address", Said("WBK33", "error", "Cette ligne est remplie et n’a pas d’adresse."))
    row.asked = known.asked.get(row.address)
    # A cell that says what it said when it was handed out is right, whatever it looks like.
    row.said[:0] = [(key, told) for key, told in record.said if told.code != "WBK16" or not row.as_asked(key)]
    return row


def _once(rows: Sequence[AnsweredRow]) -> None:
    """Of rows that say the same of one address, the first stays; of rows that do not, none."""
    counts = Counter(row.address for row in rows if row.address)
    firsts: dict[str, AnsweredRow] = {}
    for row in rows:
        if counts[row.address] < 2 or not row.address:
            continue
        first = firsts.setdefault(row.address, row)
        if first is row:
            continue
        if all(first.record.cells.get(key) == text for key, text in row.record.cells.items() if key != "address"):
            told = "Cette adresse est deux fois dans le fichier, avec les mêmes réponses."
            row.say("address", Said("WBK32", "corrected", told))
        else:
            told = "Cette adresse est deux fois dans le fichier, avec des réponses différentes : gardez une ligne."
            first.say("address", Said("WBK32", "error", told))
            row.say("address", Said("WBK32", "error", told))
        row.address = ""


def persons(rows: Sequence[AnsweredRow]) -> Mapping[str, Sequence[str]]:
    """Names, folded, in either order → the personal addresses of this file that bear them."""
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        last, first = row.record.cells.get("last_name", ""), row.record.cells.get("first_name", "")
        chosen = read_licence(row.record.cells.get("licence", "")).value
        if not row.address or (chosen is not None and chosen.licence in (SHARED, ALIAS)):
            continue
        for name in {folded(f"{first} {last}"), folded(f"{last} {first}"), folded(first), folded(last)} - {""}:
            found.setdefault(name, {})[row.address] = None
    return {name: list(addresses) for name, addresses in found.items()}
