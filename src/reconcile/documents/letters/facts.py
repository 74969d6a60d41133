"""What a letter may say: the names of its template, made from the federation's file and what is known of it. Pure.

docs/letters.md lists them. Each is text, a number, a day, a moment, a list or nothing: nothing one could act on.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from reconcile.config.cost import billed_from, cost_of
from reconcile.config.federation.federation import Federation
from reconcile.config.settings.settings import Settings
from reconcile.documents.cost import licences_sentence, surcharge_sentence
from reconcile.planning.gates.gate import Gate
from reconcile.resources.milestones import milestones

#: What a federation can do something about, in its words; the other gates are the postmaster's affair.
_MISSING: Mapping[str, str] = {
    "GAT01": "une date de migration au calendrier",
    "GAT02": "l’essai de transfert de votre domaine : nous vous contactons",
    "GAT03": "une décision pour chaque adresse actuelle",
    "GAT06": "une personne à joindre, avec une adresse hors de votre domaine",
    "GAT07": "le compte PopTransfert qui recevra les mots de passe",
    "GAT08": "l’adresse postale complète de vos implantations dans PopStructure",
    "GAT09": "de la place : une boîte est trop grande pour la licence demandée",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Uncopied:
    """An old mailbox some of whose mail could not be copied, and what of it."""

    address: str
    what: str


@dataclasses.dataclass(frozen=True, slots=True)
class Copied:
    """What the copies of a federation came to."""

    mailboxes: int = 0
    messages: int = 0
    exceptions: Sequence[Uncopied] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """What is known of a federation beside its file. ``total``: its old addresses; ``undecided``: those without an
    answer. ``gates``: those that do not hold. ``former_day``: the day that letters told before. ``attachments``: the
    names of the files that go with the letter."""

    today: dt.date
    total: int = 0
    undecided: Sequence[str] = ()
    gates: Sequence[Gate] = ()
    copied: Copied = dataclasses.field(default_factory=Copied)
    former_day: dt.date | None = None
    attachments: Sequence[str] = ()


def facts(federation: Federation, settings: Settings, known: Known) -> Mapping[str, object]:
    """The names of a template and their values. The federation has a contact."""
    file, letters = federation.file, settings.letters
    contact = file.contact
    return {
        "federation": {"name": file.name, "code": file.code, "domain": file.domain},
        "contact": {"name": contact.name if contact else ""},
        "network": {"name": letters.sender_name, "address": letters.help_address, "phone": letters.phone},
        "links": letters.links.model_dump(),
        "dates": _dates(file.migration.date, settings),
        "former_day": known.former_day,
        "agreed": file.migration.confirmed is not None,
        "account": (contact.poptransfert if contact else None) or "",
        "addresses": {"total": known.total, "undecided": list(known.undecided)},
        "missing": [_MISSING[gate.code] for gate in known.gates if not gate.open and gate.code in _MISSING],
        "cost": _cost(federation, settings, known.today),
        "copies": {
            "mailboxes": known.copied.mailboxes,
            "messages": known.copied.messages,
            "exceptions": [{"address": one.address, "what": one.what} for one in known.copied.exceptions],
        },
        "attachments": list(known.attachments),
    }


def _dates(day: dt.date | None, settings: Settings) -> Mapping[str, object]:
    """The days and moments of the calendar, all of them nothing without a date."""
    if day is None:
        return dict.fromkeys(("list", "answer", "agreement", "lock", "cutover", "day"))
    zone, moments = ZoneInfo(settings.calendar.timezone), milestones(day, settings.calendar)
    return {
        "list": day - dt.timedelta(days=14),
        "answer": day - dt.timedelta(days=7),
        "agreement": day - dt.timedelta(days=5),
        "lock": moments.lock.astimezone(zone),
        "cutover": moments.cutover.astimezone(zone),
        "day": day,
    }


def _cost(federation: Federation, settings: Settings, today: dt.date) -> Mapping[str, object]:
    cost = cost_of(federation.file, settings.prices, billed_from(federation.file, today))
    return {
        "e1": cost.e1,
        "e3": cost.e3,
        "charged": bool(cost.surcharge_monthly),
        "monthly": cost.surcharge_monthly,
        "yearly": cost.surcharge_yearly,
        "e1_price": cost.prices.e1,
        "e3_price": cost.prices.e3,
        "share": str(cost.share),
        "licences": licences_sentence(cost),
        "surcharge": surcharge_sentence(cost),
    }
