"""Invented federations that try every template: one of which there is much to say, one of which there is next to
nothing. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import PurePath

from reconcile.config.federation.federation import Federation
from reconcile.config.federation.models import Contact, FederationFile, Mailbox, Migration
from reconcile.config.settings.settings import Settings
from reconcile.config.settings.tables.letters import Links
from reconcile.documents.letters.facts import Copied, Known, Uncopied, facts
from reconcile.documents.letters.render import render
from reconcile.planning.gates.gate import GATES, Gate
from reconcile.problem import Problem
from reconcile.resources.notices import Letter

_DAY = dt.date(2025, 1, 20)
_FORMER = dt.date(2024, 11, 4)


def flaws(settings: Settings, overrides: Mapping[str, str]) -> Iterator[Problem]:
    """What is wrong with the templates, each flaw once."""
    told: set[str] = set()
    for letter in Letter:
        for names in sample_facts(settings, letter):
            try:
                render(letter.value, names, overrides)
            except Problem as problem:
                if problem.message not in told:
                    told.add(problem.message)
                    yield problem


def sample_facts(settings: Settings, letter: Letter) -> Iterator[Mapping[str, object]]:
    """What a letter may have to say, from the most to the least."""
    undated = letter in (Letter.POSTPONED, Letter.ROLLED_BACK, Letter.CLOSED)
    lock = dt.datetime(2025, 1, 19, 15, tzinfo=dt.UTC)
    gates = [Gate("spf99", code, lock, "it does not hold") for code in GATES]
    full = Known(
        today=dt.date(2025, 1, 6),
        total=57,
        undecided=[f"boite{number}@spf99.org" for number in range(25)],
        gates=gates,
        copied=Copied(57, 123_456, [Uncopied("accueil@spf99.org", "2 messages n’ont pas été acceptés")] * 45),
        former_day=_FORMER,
        attachments=["fichier.xlsx"],
    )
    for day in (_DAY, None) if undated else (_DAY,):
        yield facts(_federation(day, contact=True), settings, full)
        bare = settings.model_copy(update={"letters": settings.letters.model_copy(update=_BARE)})
        yield facts(_federation(day, contact=False), bare, Known(dt.date(2025, 1, 6)))


_BARE = {"phone": "", "links": Links()}


def _federation(day: dt.date | None, *, contact: bool) -> Federation:
    boxes = {f"personne{number}@spf99.org": Mailbox(licence="E3" if number % 2 else "E1") for number in range(9)}
    file = FederationFile(
        code="99",
        name="Fédération de l’Exemple & Fils",
        domain="spf99.org",
        contact=Contact(
            name="Dominique *Exemple*", email="dominique@example.net", poptransfert="exemple" if contact else None
        ),
        migration=Migration(date=day, confirmed=_DAY if contact else None),
        mailboxes=boxes if contact else {},
    )
    return Federation("spf99", PurePath("spf99.yaml"), file, {}, "")  # type: ignore[arg-type]
