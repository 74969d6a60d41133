"""A row that keeps its address as a mailbox, of one person or shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconcile.answers.cells.address import people as read_people
from reconcile.answers.cells.atrium import atrium as read_atrium
from reconcile.answers.cells.names import names as read_names
from reconcile.answers.cells.phone import phone as read_phone
from reconcile.answers.cells.text import clean
from reconcile.answers.finding import Said
from reconcile.answers.understanding.answer import Decision
from reconcile.answers.understanding.known import Known
from reconcile.answers.understanding.row import AnsweredRow
from reconcile.documents.workbook.columns import COLUMNS, SHARED, Key

_Fields = dict[Key, str | int | None]
_FIELDS: tuple[Key, ...] = ("last_name", "first_name", "job_title", "phone", "atrium_id")


def decide_mailbox(
    row: AnsweredRow, cells: Mapping[Key, str], licence: str, persons: Mapping[str, Sequence[str]], known: Known
) -> None:
    """``licence``: E1, E3 or Partagée. ``persons``: names → personal addresses."""
    same = _unchanged(row, cells, licence)
    fields: _Fields = {}
    _names(row, cells, licence, same, fields)
    if "job_title" not in same:
        fields["job_title"] = cells.get("job_title", "") or None
    if "phone" not in same and not row.faulty("phone"):
        raw = row.record.raw.get("phone")
        number = raw is not None and raw.kind == "number"
        text = raw.shown if raw is not None and number and raw.shown else cells.get("phone", "")
        found = read_phone(text, number=number)
        row.say("phone", *found.said)
        fields["phone"] = found.value
    if "atrium_id" not in same and not row.faulty("atrium_id"):
        raw = row.record.raw.get("atrium_id")
        read = read_atrium(cells.get("atrium_id", ""), raw.kind if raw is not None else "text", known.department)
        row.say("atrium_id", *read.said)
        fields["atrium_id"] = read.value
    _emptied(row, cells, fields, known)
    people = _people(row, licence, persons, known)
    new = known.is_new(row.address)
    row.decision = Decision(
        row.address, "mailbox", licence=licence, people=people, fields=fields, new=new, row=row.record.row
    )


def _unchanged(row: AnsweredRow, cells: Mapping[Key, str], licence: str) -> set[Key]:
    """The columns of which the row says nothing new."""
    asked = row.asked
    same = {key for key in _FIELDS if asked is not None and cells.get(key, "") == clean(asked[key])}
    if (asked is not None and asked["licence"] == SHARED) != (licence == SHARED):
        same -= {"last_name", "first_name"}
    if asked is None or not asked["licence"]:
        same = {key for key in same if asked is not None and asked[key]}
    return same


def _names(row: AnsweredRow, cells: Mapping[Key, str], licence: str, same: set[Key], fields: _Fields) -> None:
    last, first = cells.get("last_name", ""), cells.get("first_name", "")
    if licence == SHARED:
        if "last_name" in same and "first_name" in same:
            return
        shown = clean(f"{first} {last}") if first else last
        fields["last_name"] = shown or None
        if not shown:
            told = "Une adresse partagée a un nom à afficher : indiquez-le dans Nom."
            row.say("last_name", Said("WBK48", "confirm", told))
        return
    if {"last_name", "first_name"} <= same and last and first:
        return
    found = read_names(last, first)
    row.say("last_name", *found.said)
    if found.value is None:
        return
    if not found.value.last or not found.value.first:
        lacks = "nom" if not found.value.last else "prénom"
        told = f"Une adresse personnelle a un nom et un prénom : il manque le {lacks}."
        row.say("last_name", Said("WBK48", "error", told))
        return
    fields |= {"last_name": found.value.last, "first_name": found.value.first}


def _emptied(row: AnsweredRow, cells: Mapping[Key, str], fields: _Fields, known: Known) -> None:
    asked = row.asked
    for key in ("job_title", "phone", "atrium_id"):
        emptied = asked is not None and asked[key] and key in row.record.columns and not cells.get(key)
        if emptied and asked and key in fields and asked[key] != str(known.federation.file.atrium_id):
            told = f"{COLUMNS[key].title} : « {asked[key]} » a été effacé, confirmez."
            row.say(key, Said("WBK61", "confirm", told))


def _people(
    row: AnsweredRow, licence: str, persons: Mapping[str, Sequence[str]], known: Known
) -> tuple[str, ...] | None:
    """Who works in it; None when the row says nothing new of them."""
    asked = row.asked
    written = row.record.raw["people"].text if "people" in row.record.raw else ""
    if licence != SHARED:
        if clean(written) and not row.as_asked("people"):
            told = "Une adresse personnelle n’a pas d’autres personnes : est-elle partagée ?"
            row.say("people", Said("WBK64", "confirm", told))
        return None
    if not clean(written):
        told = "Une adresse partagée a au moins une personne : indiquez leurs adresses."
        row.say("people", Said("WBK45", "error", told))
        return None
    if asked is not None and asked["licence"] == SHARED and clean(written) == clean(asked["people"]):
        return None
    found = read_people(written, known.domains, persons, known.outsiders)
    row.say("people", *found.said)
    if found.value == () and not found.said:
        row.say("people", Said("WBK45", "error", "Une adresse partagée a au moins une personne."))
    return found.value
