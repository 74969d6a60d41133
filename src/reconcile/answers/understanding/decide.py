"""What one row decides of its address."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from reconcile.answers.cells.licence import keep as read_keep
from reconcile.answers.cells.licence import licence as read_licence
from reconcile.answers.cells.text import clean, folded
from reconcile.answers.finding import Said
from reconcile.answers.understanding.alias import decide_alias
from reconcile.answers.understanding.answer import Decision
from reconcile.answers.understanding.known import Known
from reconcile.answers.understanding.mailbox import decide_mailbox
from reconcile.answers.understanding.row import AnsweredRow
from reconcile.documents.workbook.columns import ALIAS, COLUMNS, NO, SHARED, Key
from reconcile.documents.workbook.rows import Row


def decide(
    row: AnsweredRow,
    cells: Mapping[Key, str],
    persons: Mapping[str, Sequence[str]],
    absent: Sequence[str],
    known: Known,
) -> None:
    """Give ``row`` its decision, or say why it has none. ``persons``: names → personal addresses; ``absent``: addresses
    that were asked about and have no row."""
    _remarks(row, cells)
    if row.asked is not None and all(
        cells.get(key, "") == clean(row.asked[key]) for key in _compared(row.asked) if key in row.record.columns
    ):
        if not known.decided(row.address):
            row.decision = Decision(row.address, "undecided", row=row.record.row)
        return  # as it was handed out: what the file decides stays
    _shifted(row, cells)
    faults = [(key, told.code) for key, told in row.said if told.level == "error"]
    if any(key in ("keep", "licence") or code == "WBK16" for key, code in faults):
        return  # one cause, one remark
    kept, chosen = read_keep(cells.get("keep", "")), read_licence(cells.get("licence", ""))
    row.say("keep", *kept.said)
    row.say("licence", *chosen.said)
    keep, licence = kept.value, chosen.value.licence if chosen.value else ""
    target = cells.get("target", "") or (chosen.value.target if chosen.value else "")
    if not target and not licence and not chosen.said and "alias de " in folded(cells.get("remarks", "")):
        licence, target = ALIAS, folded(cells["remarks"]).partition("alias de ")[2].split()[0]
        told = f"D’après la remarque, un alias de {target} : confirmez."
        row.say("remarks", Said("WBK41", "confirm", told))
    if keep is False:
        _give_up(row, cells, licence)
        return
    if keep is None and not kept.said and licence:
        if row.asked is not None and not row.asked["keep"]:
            told = f"« {COLUMNS['keep'].title} » est vide et une licence est choisie : lu Oui, confirmez."
            row.say("keep", Said("WBK38", "confirm", told))
        keep = True
    if keep is None:
        if not kept.said and not chosen.said:
            row.decision = Decision(row.address, "undecided", row=row.record.row)
        return
    if not licence:
        if not chosen.said:
            told = "L’adresse est conservée et n’a pas de licence : choisissez E1, E3, Partagée ou Alias."
            row.say("licence", Said("WBK39", "error", told))
        return
    _nearly(row, absent)
    if licence == ALIAS:
        decide_alias(row, cells, target, known)
    else:
        decide_mailbox(row, cells, licence, persons, known)


def _remarks(row: AnsweredRow, cells: Mapping[Key, str]) -> None:
    remark = cells.get("remarks", "")
    if remark and not row.as_asked("remarks"):
        row.say("remarks", Said("WBK60", "confirm", f"Remarque à lire : « {remark} »."))
    if row.record.note:
        row.say("address", Said("WBK60", "confirm", f"Commentaire de cellule à lire : « {row.record.note} »."))


def _shifted(row: AnsweredRow, cells: Mapping[Key, str]) -> None:
    """A licence or an answer in a column where none belongs: the row was written, or pasted, beside itself."""
    for key in ("keep", "target", "people", "phone", "atrium_id", "last_name", "first_name"):
        word = cells.get(key, "")
        strange = word in ("E1", "E3", SHARED, ALIAS) or (key != "keep" and word in ("Oui", "Non"))
        strange |= key in ("keep", "phone", "atrium_id", "last_name") and "@" in word
        if strange and not row.as_asked(key):
            told = f"« {word} » est dans la colonne {COLUMNS[key].title} : les cases de cette ligne sont décalées."
            row.say(key, Said("WBK16", "error", told))


def _nearly(row: AnsweredRow, absent: Sequence[str]) -> None:
    """A row whose address nobody asked about, beside one that is missing: a slip of the pen?"""
    near = difflib.get_close_matches(row.address, absent, 1, 0.87) if row.asked is None else []
    if near:
        told = f"Cette adresse n’existe pas aujourd’hui, et {near[0]} manque : est-ce bien une nouvelle adresse ?"
        row.say("address", Said("WBK36", "confirm", told))


def _give_up(row: AnsweredRow, cells: Mapping[Key, str], licence: str) -> None:
    if row.asked is None:
        told = "Cette adresse n’existe pas aujourd’hui et n’est pas à conserver : ligne sans effet."
        row.say("keep", Said("WBK64", "corrected", told))
        return
    if licence and licence != row.asked["licence"]:
        told = "L’adresse n’est pas conservée et une licence est choisie : lequel des deux ?"
        row.say("licence", Said("WBK38", "error", told))
        return
    row.decision = Decision(row.address, "given_up", why=cells.get("remarks", ""), row=row.record.row)


def _compared(asked: Row) -> tuple[Key, ...]:
    """The columns in which another answer would be a decision; why an address is given up is one of them."""
    return tuple(key for key, column in COLUMNS.items() if column.filled and (key != "remarks" or asked["keep"] == NO))
