"""« Notice »: the four choices, how each column is filled, the dates, whom to ask."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from typing import Any

from reconcile.documents.cost import euros
from reconcile.documents.french import civil_day, civil_moment, spaced
from reconcile.documents.workbook.columns import DROP, MERGE, NOTICE
from reconcile.documents.workbook.sheets.style import Style
from reconcile.documents.workbook.workbook import Workbook

#: (what, in bold; what is said of it). An empty "what said" makes a heading.
_Line = tuple[str, str]


def notice_sheet(book: Any, style: Style, workbook: Workbook) -> None:
    """Add the sheet."""
    sheet = book.add_worksheet(NOTICE)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 96)
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, "Comment compléter ce fichier", style.title)
    number = 2
    for what, said in _lines(workbook):
        if not said:
            number += 1
            sheet.write_string(number, 0, what, style.heading)
            sheet.write_blank(number, 1, None, style.heading)
        else:
            sheet.write_string(number, 0, what, style.bold)
            sheet.write_string(number, 1, spaced(said), style.text)
            sheet.set_row(number, 15.0 * math.ceil(len(said) / 92) + 2)
        number += 1
    sheet.protect("", {"objects": True, "scenarios": True})
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 1)
    sheet.set_landscape()


def _lines(workbook: Workbook) -> Iterator[_Line]:
    price = workbook.monthly
    yield "Les quatre choix", ""
    yield (
        "E1",
        (
            f"Une personne, dans le navigateur : Office et la messagerie sur le web, 50 Go. {euros(price.e1)} "
            "TTC par mois."
        ),
    )
    yield (
        "E3",
        (f"Une personne, avec Outlook et Office installés sur l’ordinateur, 100 Go. {euros(price.e3)} TTC par mois."),
    )
    yield (
        "Partagée",
        (
            "Une adresse utilisée par plusieurs personnes, sans licence. Chacune a son adresse personnelle, "
            "E1 ou E3, à indiquer dans Personnes ayant accès."
        ),
    )
    yield (
        "Alias",
        (
            "Les messages arrivent dans une autre adresse du même domaine, à indiquer dans Adresse cible. Une "
            "adresse extérieure (Orange, Free, Gmail…) n’est pas possible."
        ),
    )
    yield "Les colonnes", ""
    yield (
        "Conserver ?",
        (
            "Oui ou Non, pour chaque adresse. Une adresse non conservée n’est pas migrée : après la bascule, "
            "ses messages sont refusés."
        ),
    )
    yield (
        "Anciens messages",
        (
            f"Pour un alias qui a aujourd’hui sa propre boîte : {MERGE} garde ses messages dans l’adresse "
            f"cible, {DROP} les laisse."
        ),
    )
    yield "Personnes ayant accès", "Leurs adresses personnelles, séparées par un point-virgule."
    yield (
        "Nom, Prénom, Fonction",
        (
            "Ce que montrent l’annuaire et la signature. Pour une adresse partagée : le nom à afficher dans "
            "Nom, rien dans Prénom."
        ),
    )
    yield "Téléphone", "Un seul numéro, celui que montre la signature."
    yield (
        "Identifiant Atrium",
        (
            "Le nombre à la fin du Code structure de PopStructure. Antenne de Verdun : ANT CE 055 0 00000 "
            "002689, soit 2689. Sans réponse, l’implantation de votre fédération."
        ),
    )
    yield (
        "Lignes libres",
        ("Pour les adresses à créer, par exemple l’adresse personnelle de qui travaille dans une boîte partagée."),
    )
    yield "Contrôle", "Se remplit tout seul : OK, ou ce qu’il manque."
    yield from _dates(workbook)
    yield "Aide", ""
    if workbook.contact:
        yield "Questions", workbook.contact
    if workbook.tutorials:
        yield "Tutoriels", workbook.tutorials
    yield (
        "Ce fichier",
        ("À ouvrir sur un ordinateur, avec Excel ou LibreOffice. Renvoyez-le dans le même format, sans le convertir."),
    )


def _dates(workbook: Workbook) -> Iterator[_Line]:
    if workbook.day is None:
        return
    day = workbook.day
    yield "Les dates", ""
    if workbook.answer_by:
        yield civil_day(workbook.answer_by), "Votre réponse : ce fichier complété."
    yield civil_day(day - dt.timedelta(days=5)), "La date est confirmée ensemble, avec le surcoût possible."
    if workbook.lock:
        yield civil_moment(workbook.lock), "Fermeture des anciennes boîtes."
    if workbook.cutover:
        yield civil_moment(workbook.cutover), "Création des nouvelles boîtes et bascule."
    yield civil_day(day), "Premier jour des nouvelles boîtes."
