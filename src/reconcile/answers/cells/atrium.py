"""A structure's number: alone, with zeros, or as the whole code of PopStructure."""

from __future__ import annotations

import re

from reconcile.answers.cells.text import clean
from reconcile.answers.finding import Said, Understood
from reconcile.answers.reading.grid import CellKind

_CODE = re.compile(r"[A-Z]{2,4} *[A-Z]{2} *([0-9][0-9AB]{2}) *[0-9] *[0-9]{5} *([0-9]{6})")


def atrium(text: str, kind: CellKind, department: str) -> Understood[int]:
    """``department``: the federation's, as its code says it ("055"); "" when it has none."""
    written = clean(text)
    if not written:
        return Understood()
    if kind == "date" or re.fullmatch(r"[0-9]{1,2}[/.-][0-9]{1,2}[/.-][0-9]{2,4}", written):
        told = f"Le tableur a fait une date de l’identifiant (« {written} ») : écrivez le nombre, comme 2689."
        return Understood(None, (Said("WBK52", "error", told),))
    if re.fullmatch(r"0*[1-9][0-9]{0,8}(?:[.,]0+)?", written):
        return Understood(int(re.split("[.,]", written)[0]))
    if match := _CODE.fullmatch(written.upper()):
        number = int(match[2])
        if not number:
            return Understood(None, (Said("WBK52", "error", f"« {written} » n’a pas d’identifiant."),))
        if department and match[1] != department:
            told = f"{number} est une implantation du département {match[1].lstrip('0')} : confirmez."
            return Understood(number, (Said("WBK53", "confirm", told),))
        return Understood(number)
    told = f"« {written} » n’est pas un identifiant Atrium : c’est le nombre à la fin du Code structure, comme 2689."
    return Understood(None, (Said("WBK52", "error", told),))
