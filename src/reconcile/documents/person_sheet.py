"""The sheet of one person: a single A4 page, in French, with their first steps and, where it is known, their password.

A page that names nobody is the same instructions for anybody: ``setup_sheet``.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Literal

from reconcile.config.settings.tables.letters import Letters
from reconcile.documents.french import civil_day
from reconcile.documents.page import Page, document

#: Exchange Online's servers, for programs that must be told (Microsoft, "POP, IMAP and SMTP settings").
_IMAP = "outlook.office365.com, port 993, SSL/TLS"
_SMTP = "smtp.office365.com, port 587, STARTTLS"


@dataclasses.dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a mailbox of their own. ``shared``: the shared mailboxes they work in, by address. ``day``: the
    first day of the new mailboxes, None when it has none."""

    name: str
    address: str
    licence: Literal["E1", "E3"]
    federation: str
    day: dt.date | None = None
    shared: Sequence[str] = ()
    network: Letters = dataclasses.field(default_factory=Letters)


def person_sheets(people: Iterable[tuple[Person, str | None]], title: str) -> bytes:
    """The PDF of several, a page each; with each, the provisional password where it is delivered with the sheet."""
    return document((_page_of(person, password) for person, password in people), title)


def person_sheet(person: Person, password: str | None) -> bytes:
    """The PDF of one person."""
    return _page_of(person, password).pdf()


def _page_of(person: Person, password: str | None) -> Page:
    page = Page(f"Votre boîte mail – {person.address}", person.federation)
    page.title("Votre nouvelle boîte mail")
    rows = [("Nom", person.name), ("Adresse", person.address), ("Licence", _LICENCES[person.licence])]
    if person.day is not None:
        rows.append(("À partir du", civil_day(person.day)))
    if person.shared:
        rows.append(("Boîtes partagées", ", ".join(person.shared)))
    page.facts(rows)
    if password is not None:
        page.secret(
            "Mot de passe provisoire",
            password,
            "Pour vous seul·e. Vous le remplacez à la première connexion ; détruisez alors cette feuille.",
        )
    _instructions(page, person.network, person.licence, shared=bool(person.shared))
    return page


def setup_sheet(federation: str, network: Letters) -> bytes:
    """The same instructions for anybody of the federation: what is pinned beside a shared computer."""
    page = Page("Configurer votre messagerie", federation)
    page.title("Configurer votre messagerie")
    _instructions(page, network, None, shared=True)
    return page.pdf()


_LICENCES = {
    "E1": "E1 : messagerie dans le navigateur, 50 Go",
    "E3": "E3 : Outlook installé sur l’ordinateur, 100 Go",
}


def _instructions(page: Page, network: Letters, licence: str | None, *, shared: bool) -> None:
    links = network.links
    page.heading("Première connexion (téléphone en main, dix minutes)")
    page.steps(
        (
            f"Ouvrez {links.webmail} dans une fenêtre de navigation privée et saisissez votre adresse complète.",
            "Tapez le mot de passe provisoire, puis choisissez le vôtre : lui seul servira ensuite, partout.",
            (
                "Ajoutez la double authentification demandée (application Authenticator ou équivalente) : "
                "sans elle, la boîte ne s’ouvre pas."
            ),
        )
    )
    page.heading("Configurer vos appareils")
    outlook = "Retirez d’abord l’ancien compte. Fichier > Ajouter un compte > votre adresse : le reste se règle seul."
    if licence is None:
        outlook += " Réservé aux licences E3 : avec une E1, utilisez le navigateur."
    elif licence == "E1":
        outlook = "Votre licence E1 ne comprend pas Outlook installé : retirez l’ancien compte, utilisez le navigateur."
    page.cards(
        (
            ("Navigateur", "Rien à installer : messages, carnet d’adresses et agenda.", links.webmail),
            ("Outlook", outlook, "" if licence == "E1" else links.outlook),
            (
                "Thunderbird",
                f"Nouveau compte > votre adresse. Méthode : OAuth2. Réception : IMAP, {_IMAP}. Envoi : {_SMTP}.",
                links.thunderbird,
            ),
            (
                "Téléphone",
                (
                    "Retirez l’ancien compte, installez l’application Outlook, ou ajoutez un compte de type "
                    "« Microsoft Exchange » dans celle du téléphone."
                ),
                links.phone,
            ),
        )
    )
    page.heading("Si cela ne marche pas")
    page.bullets(_stumbling_blocks(shared=shared))
    if links.exports:
        page.heading("Carnet d’adresses et agenda")
        page.bullets(("Ils ne sont pas copiés : importez l’export fait avant la migration.",), link=links.exports)
    page.help(network.help_address, network.phone, links.tutorials)


def _stumbling_blocks(*, shared: bool) -> list[str]:
    """What hotlines hear on such a day."""
    blocks = [
        (
            "Un ancien compte resté dans Outlook ou le téléphone redemande un mot de passe : n’y tapez pas le nouveau "
            "(dix échecs bloquent la boîte), retirez ce compte."
        ),
        "« Compte professionnel ou personnel ? » : choisissez professionnel.",
        "Le navigateur ouvre la boîte de quelqu’un d’autre : fenêtre de navigation privée.",
        "Un programme refuse le mot de passe provisoire : changez-le d’abord dans le navigateur.",
        "Mot de passe refusé : distinguez O et 0, l et 1 ; respectez majuscules et tirets.",
        "Pas de téléphone compatible pour la double authentification : appelez avant d’essayer.",
    ]
    if shared:
        blocks.insert(
            3,
            "Une boîte partagée n’a pas de mot de passe : elle apparaît dans la vôtre, au bout d’une heure parfois.",
        )
    return blocks
