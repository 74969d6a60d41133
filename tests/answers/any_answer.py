"""What somebody may fill in, as Hypothesis draws it: for some addresses, one whole decision each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from tests.answers.any_federation import DOMAINS, Place

from reconcile.documents.workbook.columns import Key
from reconcile.documents.workbook.rows import rows_of

#: Cells by column; an empty text empties the cell.
Filled = Mapping[Key, Any]

_LAST = st.sampled_from(("Roy", "Haas", "Lefèvre", "Da Silva", "de La Tour", "O’Neil", "Petit-Jean"))
_FIRST = st.sampled_from(("Léa", "Anne-Marie", "Zoé", "Lou", "Jean"))
_SHOWN = st.sampled_from(("Accueil", "Secours populaire – Verdun", "Comptabilité"))
_JOBS = st.sampled_from(("Bénévole", "Trésorière", "Responsable d'antenne", "Animateur (été)"))
_PHONES = st.sampled_from(("03 53 01 00 09", "06 11 22 33 44", "39 19"))
_BLANK: dict[Key, Any] = dict.fromkeys(
    ("target", "old_mail", "people", "last_name", "first_name", "job_title", "phone", "atrium_id"), ""
)


@st.composite
def answers(draw: st.DrawFn, place: Place) -> Mapping[str, Filled]:
    """By address: those that are asked about, and new ones."""
    rows = {row["address"]: row for row in rows_of(place.federation, place.inventory)}
    asked = draw(st.lists(st.sampled_from(sorted(rows)), max_size=5, unique=True)) if rows else []
    new = [f"nouveau{number}@{draw(st.sampled_from(DOMAINS))}" for number in range(draw(st.integers(0, 2)))]
    boxes = sorted({*place.federation.file.mailboxes, *asked, *new})
    filled: dict[str, Filled] = {}
    for address in (*asked, *new):
        kinds = ["person", "shared", "alias", *(["given_up", "details"] if address in rows else [])]
        kind = draw(st.sampled_from(kinds))
        if kind == "details" and (address not in place.federation.file.mailboxes):
            kind = "person"
        filled[address] = _filled(draw, kind, address, boxes, place)
    return filled


def _filled(draw: st.DrawFn, kind: str, address: str, boxes: list[str], place: Place) -> Filled:
    match kind:
        case "given_up":
            return {"keep": "Non", "licence": "", **_BLANK, "remarks": draw(st.sampled_from(("", "parti en 2019")))}
        case "alias":
            near = [one for one in boxes if one.endswith("@" + address.partition("@")[2]) and one != address]
            target = draw(st.sampled_from(near)) if near else ""
            has_box = place.inventory is not None and place.inventory.mailbox(address) is not None
            old_mail = draw(st.sampled_from(("Fusionner", "Abandonner"))) if has_box else ""
            return {"keep": "Oui", "licence": "Alias", **_BLANK, "target": target, "old_mail": old_mail}
        case "details":
            return draw(st.fixed_dictionaries({}, optional={"job_title": _JOBS, "phone": _PHONES}))
    more = {"job_title": draw(_JOBS), "phone": draw(_PHONES), "atrium_id": draw(st.sampled_from(("2650", "2689")))}
    if kind == "person":
        names = {"last_name": draw(_LAST), "first_name": draw(_FIRST)}
        return {"keep": "Oui", "licence": draw(st.sampled_from(("E1", "E3"))), **_BLANK, **names, **more}
    people = draw(st.lists(st.sampled_from(boxes), min_size=1, max_size=3, unique=True))
    named = {"people": " ; ".join(people), "last_name": draw(_SHOWN)}
    return {"keep": "Oui", "licence": "Partagée", **_BLANK, **named, **more}
