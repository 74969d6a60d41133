"""What the column « Contrôle » says of a row: the value that the file holds, and the formula that redoes it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from reconcile.documents.workbook.columns import ALIAS, NO, SHARED, YES, Key

OK, GIVEN_UP, FREE = "OK", "Ne sera pas migrée", ""
_ADDRESS = "Adresse à indiquer"
_KEEP = "À décider : Oui ou Non"
_LICENCE = "Licence à choisir"
_TARGET = "Adresse cible à indiquer"
_NO_TARGET = "Adresse cible absente de la liste"
_PEOPLE = "Personnes à indiquer"
_NAMES = "Nom et prénom à indiquer"


def control(cells: Mapping[Key, str], addresses: Collection[str], *, free: bool) -> str:
    """``addresses``: those of the whole sheet, in lower case. ``free``: a row for an address to come."""
    keep, licence = cells.get("keep", ""), cells.get("licence", "")
    if free and not any(cells.values()):
        return FREE
    if not cells.get("address"):
        return _ADDRESS
    if keep == NO:
        return GIVEN_UP
    if keep != YES and not (free and not keep):
        return _KEEP
    if not licence:
        return _LICENCE
    if licence == ALIAS:
        target = cells.get("target", "")
        return _TARGET if not target else OK if target.lower() in addresses else _NO_TARGET
    if licence == SHARED:
        return OK if cells.get("people") else _PEOPLE
    return OK if cells.get("last_name") and cells.get("first_name") else _NAMES


def formula(letters: Mapping[Key, str], row: int, last: int, first: int, *, free: bool) -> str:
    """The same, for the row numbered ``row`` (from 1) of a sheet whose addresses stand from ``first`` to ``last``."""
    at = {key: f"${letter}{row}" for key, letter in letters.items()}
    listed = f"${letters['address']}${first}:${letters['address']}${last}"
    kept = f'AND({at["keep"]}<>"{YES}",{at["keep"]}<>"")' if free else f'{at["keep"]}<>"{YES}"'
    alias = f'IF({at["target"]}="","{_TARGET}",IF(COUNTIF({listed},{at["target"]})=0,"{_NO_TARGET}","{OK}"))'
    shared = f'IF({at["people"]}="","{_PEOPLE}","{OK}")'
    person = f'IF(OR({at["last_name"]}="",{at["first_name"]}=""),"{_NAMES}","{OK}")'
    licence = f'IF({at["licence"]}="{ALIAS}",{alias},IF({at["licence"]}="{SHARED}",{shared},{person}))'
    decided = f'IF({at["licence"]}="","{_LICENCE}",{licence})'
    text = f'IF({at["keep"]}="{NO}","{GIVEN_UP}",IF({kept},"{_KEEP}",{decided}))'
    text = f'IF({at["address"]}="","{_ADDRESS}",{text})'
    if free:
        empty = f"COUNTA({at['address']},{at['keep']}:${letters['remarks']}{row})=0"
        text = f'IF({empty},"",{text})'
    return f"={text}"
