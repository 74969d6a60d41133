"""What goes back to the federation: its own answers with our remarks beside them, and the letter that brings it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

from reconcile.answers.finding import ORDER, Finding, Level
from reconcile.answers.table import Record
from reconcile.answers.understanding.answer import Answer
from reconcile.config.federation.models import FederationFile
from reconcile.documents.french import civil_day, spaced
from reconcile.documents.workbook.columns import KEYS, Key
from reconcile.documents.workbook.rows import Row
from reconcile.documents.workbook.workbook import Reply, Workbook

_WORDS: dict[Level, str] = {"error": "Erreur", "confirm": "À confirmer", "corrected": "Corrigé"}
#: Remarks quoted in the letter; the workbook has them all.
_MOST = 40


def annotated(workbook: Workbook, answer: Answer) -> Workbook:
    """The workbook to send back: ``workbook``, as it would be made today, with what was answered in its rows, the rows
    nobody has sent back, and what is said of each."""
    asked = {row["address"]: row for row in workbook.rows}
    rows, replies, seen = [], [], set()
    by_row: dict[tuple[str, int], list[Finding]] = {}
    for one in answer.findings:
        by_row.setdefault((one.sheet, _row(one)), []).append(one)
    for record in answer.records:
        own = by_row.get((record.sheet, record.row), [])
        address = next((one.address for one in own if one.address), record.cells.get("address", "").lower())
        known = asked.get(address)
        seen.add(address)
        cells: dict[Key, str] = {"address": address or record.cells.get("address", "")}
        cells |= {key: record.cells[key] for key in KEYS if record.cells.get(key) and key != "address"}
        if known is not None and known["today"]:
            cells["today"] = known["today"]
        rows.append(Row(cells, known.size if known else None, known.last_used if known else None))
        replies.append(_reply(own, record))
    for address, row in asked.items():
        if address not in seen:
            rows.append(row)
            replies.append(_reply([one for one in answer.findings if one.address == address], None))
    return dataclasses.replace(workbook, rows=tuple(rows), replies=tuple(replies))


def letter(federation: FederationFile, contact: str, answer: Answer, answer_by: dt.date | None) -> str:
    """The draft of the letter: thanks when all is well, else what is asked, the gravest first."""
    asked = sorted(
        (one for one in answer.findings if one.level != "corrected"), key=lambda one: (ORDER[one.level], _place(one))
    )
    lines = [
        f"Bonjour,\n\nNous avons bien reçu le fichier des adresses de {federation.domain} ({federation.name}), merci."
    ]
    if not asked:
        lines.append("Tout est compris, nous n’avons plus de question.")
    else:
        by = f" au plus tard le {civil_day(answer_by)}" if answer_by else ""
        lines.append(
            f"Il reste {len(asked)} point{'s' if len(asked) > 1 else ''} à voir. Vous les trouverez dans le fichier "
            f"joint, colonne « Notre réponse » : complétez-le et renvoyez-le{by}."
        )
        lines.append("\n".join(f"- {_place(one)}{one.sentence}" for one in asked[:_MOST]))
        if len(asked) > _MOST:
            lines.append(f"Et {len(asked) - _MOST} autres, dans le fichier.")
    corrected = sum(one.level == "corrected" for one in answer.findings)
    if corrected:
        lines.append(f"Nous avons corrigé {corrected} écriture{'s' if corrected > 1 else ''} sans rien y changer.")
    lines.append(f"Bien cordialement,\n{contact}".rstrip())
    return spaced("\n\n".join(lines)) + "\n"


def _reply(findings: Sequence[Finding], record: Record | None) -> Reply:
    ordered = sorted(findings, key=lambda one: ORDER[one.level])
    text = "\n".join(f"{_WORDS[one.level]} : {one.sentence}" for one in ordered)
    notes: dict[Key, str] = {}
    if record is not None:
        for one in ordered:
            key = next((key for key in record.columns if record.at(key) == one.cell), None)
            if key is not None and one.level != "corrected":
                notes[key] = f"{notes[key]}\n{one.sentence}" if key in notes else one.sentence
    return Reply(spaced(text), ordered[0].level if ordered else "", notes)


def _row(one: Finding) -> int:
    digits = one.cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return int(digits) - 1 if digits else -1


def _place(one: Finding) -> str:
    place = ", ".join(filter(None, (one.cell, one.address)))
    return f"{place} : " if place else ""
