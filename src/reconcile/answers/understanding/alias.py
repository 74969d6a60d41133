"""A row that makes its address an alias."""

from __future__ import annotations

from collections.abc import Mapping

from reconcile.answers.cells.address import address as read_address
from reconcile.answers.cells.licence import old_mail as read_old_mail
from reconcile.answers.finding import Said
from reconcile.answers.understanding.answer import Decision
from reconcile.answers.understanding.known import Known
from reconcile.answers.understanding.row import AnsweredRow
from reconcile.documents.workbook.columns import Key


def decide_alias(row: AnsweredRow, cells: Mapping[Key, str], target: str, known: Known) -> None:
    """``target``: as it is written."""
    to = _target(row, target, known)
    if to is None:
        return
    decided = read_old_mail(cells.get("old_mail", ""))
    row.say("old_mail", *decided.said)
    box = known.old_mailbox(row.address)
    if box is not None and box.holds_mail and decided.value is None and not decided.said:
        told = "Cette adresse a sa propre boîte aujourd’hui : fusionner ou abandonner ses anciens messages ?"
        row.say("old_mail", Said("WBK44", "error", told))
    value = decided.value if box is not None else None
    new = known.is_new(row.address)
    row.decision = Decision(row.address, "alias", target=to, old_mail=value, new=new, row=row.record.row)


def _target(row: AnsweredRow, written: str, known: Known) -> str | None:
    """A whole address of the alias's own domain; None when it is none, which is told."""
    if not written:
        row.say("target", Said("WBK42", "error", "Un alias renvoie vers une adresse : indiquez laquelle."))
        return None
    found = read_address(written, known.domains)
    if found.value is None and any(told.code == "WBK35" for told in found.said):
        told = f"Un alias ne peut renvoyer vers {written}, qui est hors de votre domaine."
        row.say("target", Said("WBK43", "error", told))
    elif found.value is None:
        row.say("target", Said("WBK42", "error", found.said[0].sentence))
    elif found.value.rpartition("@")[2] != row.address.rpartition("@")[2]:
        told = f"Un alias est dans le même domaine que son adresse cible : {found.value} est dans un autre."
        row.say("target", Said("WBK43", "error", told))
    elif found.value == row.address:
        row.say("target", Said("WBK42", "error", "Cet alias renvoie vers lui-même."))
    else:
        row.say("target", *(told for told in found.said if told.level != "corrected"))
        return found.value
    return None
