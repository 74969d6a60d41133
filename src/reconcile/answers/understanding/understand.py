"""A table of answers → what it decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from reconcile.answers.finding import Finding
from reconcile.answers.table import Table
from reconcile.answers.understanding.addresses import answered_rows, persons
from reconcile.answers.understanding.answer import Answer, Decision
from reconcile.answers.understanding.decide import decide
from reconcile.answers.understanding.known import Known
from reconcile.answers.understanding.links import check_links, undecided
from reconcile.answers.understanding.row import AnsweredRow
from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory
from reconcile.documents.workbook.columns import ALIAS, Key
from reconcile.documents.workbook.rows import Row


def understand(table: Table, federation: Federation, inventory: Inventory | None, rows: Sequence[Row]) -> Answer:
    """``rows``: what a workbook made today would ask."""
    known = Known(federation, inventory, {row["address"]: row for row in rows})
    answered = answered_rows(table.records, known)
    names = persons(answered)
    absent = sorted(known.asked.keys() - {row.address for row in answered})
    above: Mapping[Key, str] = {}
    for row in answered:
        above = row.cells(above)
        if row.address:
            decide(row, above, names, absent, known)
    check_links(answered, known)
    left, missing = undecided(answered, known)
    decisions = tuple(row.decision for row in answered if row.decision is not None and not row.wrong)
    findings = (*table.findings, *missing, *_findings(answered))
    return Answer(decisions, findings, tuple(row.record for row in answered), left)


def _findings(rows: Iterable[AnsweredRow]) -> Iterable[Finding]:
    for row in rows:
        for key, told in dict.fromkeys(row.said):
            yield Finding(
                told.code,
                told.level,
                told.sentence,
                row.record.sheet,
                row.record.at(key),
                row.address,
                row.record.raw[key].text if key in row.record.raw else "",
                _understood(row.decision, key) if not row.wrong else "",
            )


def _understood(decision: Decision | None, key: Key) -> str:
    if decision is None:
        return ""
    match key:
        case "licence":
            return ALIAS if decision.outcome == "alias" else decision.licence
        case "keep":
            return {"given_up": "Non", "undecided": ""}.get(decision.outcome, "Oui")
        case "target":
            return decision.target
        case "people":
            return " ; ".join(decision.people or ())
        case "address":
            return decision.address
        case _:
            return str(decision.fields.get(key) or "")
