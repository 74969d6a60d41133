"""Whose answer a returned file is, and to which workbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from reconcile.answers.cells.text import clean
from reconcile.answers.reading.grid import Refused, Returned
from reconcile.documents.workbook.columns import LISTS
from reconcile.documents.workbook.identity import FORMAT, Identity, identity


def source(returned: Returned) -> Identity | None:
    """What the file says it is: in its properties, or in its hidden sheet where a program dropped them; None when
    neither says. Raises Refused WBK18 for a workbook of a later version of this tool."""
    found = identity(returned.properties)
    if found is None:
        for grid in returned.grids:
            if grid.name == LISTS:
                pairs = {
                    clean(cell.text): clean(grid.cells[row, column + 1].text)
                    for (row, column), cell in grid.cells.items()
                    if (row, column + 1) in grid.cells
                }
                found = identity(pairs)
    if found is not None and found.format.split(".")[0] > FORMAT:
        raise Refused("WBK18", "Ce classeur a été fait par une version plus récente de l’outil : lisez-le avec elle.")
    return found


def owner(returned: Returned, domains: Mapping[str, Sequence[str]]) -> str:
    """The federation in whose domains most addresses of the file are, for a file that says nothing of itself.

    ``domains``: by slug. Raises Refused WBK17 when that is nobody's or several's.
    """
    owners = {domain: slug for slug, names in domains.items() for domain in names}
    counts: Counter[str] = Counter()
    for grid in returned.grids:
        for cell in grid.cells.values():
            slug = owners.get(clean(cell.text).lower().rpartition("@")[2]) if "@" in cell.text else None
            if slug:
                counts[slug] += 1
    ranked = counts.most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[1][1] * 4 > ranked[0][1]):
        raise Refused("WBK17", "Ce fichier ne dit pas de quelle fédération il vient, et ses adresses non plus.")
    return ranked[0][0]
