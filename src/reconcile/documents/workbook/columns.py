"""The columns of the sheet « Adresses »: their order, their titles, and other titles by which they come back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Literal, get_args

Key = Literal[
    "address",
    "today",
    "size",
    "last_used",
    "keep",
    "licence",
    "target",
    "old_mail",
    "people",
    "last_name",
    "first_name",
    "job_title",
    "phone",
    "atrium_id",
    "remarks",
    "control",
    "reply",
]
KEYS: tuple[Key, ...] = get_args(Key)


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """``width`` in characters. ``filled``: the federation writes in it. ``text``: what is typed there stays as
    typed, so that a phone keeps its zero. ``names``: other titles seen in files that came back."""

    title: str
    width: float
    filled: bool = False
    text: bool = False
    names: tuple[str, ...] = ()


COLUMNS: Mapping[Key, Column] = {
    "address": Column(
        "Adresse actuelle", 30, text=True, names=("adresse", "adresse mail", "email", "mail", "adresse e-mail")
    ),
    "today": Column("Aujourd’hui", 24),
    "size": Column("Taille", 10),
    "last_used": Column("Dernier usage", 12),
    "keep": Column("Conserver ?", 11, filled=True, names=("conserver", "a conserver", "garder")),
    "licence": Column("Licence", 11, filled=True, names=("licence ou option", "license", "type de licence")),
    "target": Column(
        "Adresse cible (alias)",
        26,
        filled=True,
        text=True,
        names=("adresse cible", "cible", "alias vers", "cible (alias)"),
    ),
    "old_mail": Column("Anciens messages (alias)", 14, filled=True, names=("anciens messages",)),
    "people": Column(
        "Personnes ayant accès (partagée)",
        30,
        filled=True,
        text=True,
        names=("personnes ayant acces", "personnes", "acces", "delegues", "ayants acces"),
    ),
    "last_name": Column(
        "Nom", 20, filled=True, text=True, names=("nom de famille", "nom ou nom affiche", "nom affiche")
    ),
    "first_name": Column("Prénom", 16, filled=True, text=True),
    "job_title": Column("Fonction", 22, filled=True, text=True, names=("poste", "role")),
    "phone": Column("Téléphone", 16, filled=True, text=True, names=("tel", "tel.", "numero de telephone", "portable")),
    "atrium_id": Column(
        "Identifiant Atrium",
        13,
        filled=True,
        text=True,
        names=("atrium", "id atrium", "code structure", "implantation"),
    ),
    "remarks": Column(
        "Remarques", 22, filled=True, text=True, names=("remarque", "commentaires", "commentaire", "note")
    ),
    "control": Column("Contrôle", 20),
    "reply": Column("Notre réponse", 52, names=("reponse",)),
}

#: Without these a table is not ours.
REQUIRED: tuple[Key, ...] = ("address", "keep", "licence")

YES, NO = "Oui", "Non"
SHARED, ALIAS = "Partagée", "Alias"
LICENCES = ("E1", "E3", SHARED, ALIAS)
MERGE, DROP = "Fusionner", "Abandonner"

#: Where the titles and the first address stand in the sheet, from 0.
HEADER_ROW, FIRST_ROW = 3, 4
#: Rows left free for addresses to come.
FREE_ROWS = 40

ADDRESSES, NOTICE, SUMMARY, LISTS = "Adresses", "Notice", "Récapitulatif", "Listes"
