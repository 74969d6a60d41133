"""The gates that the federation settles: date, cost, contact, structures. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.config.cost import cost_of
from reconcile.config.settings.tables.batches import batch_of
from reconcile.language.phrase import Phrase
from reconcile.planning.gates.facts import Facts, Reason
from reconcile.problem import Problem


def dated(facts: Facts) -> Iterator[Reason]:
    """GAT01: the date is one of the calendar and has room."""
    file = facts.federation.file
    move = Phrase("choose one: reconcile batches move")
    if file.migration.date is None:
        yield Phrase("the federation has no date"), move
    elif facts.batches and "SPF501" not in file.overrides and batch_of(file.migration.date, facts.batches) is None:
        yield Phrase("{date} is no date of the calendar", date=file.migration.date), move
    elif facts.beyond is not None and "SPF502" not in file.overrides:
        yield Phrase("{date} is full: it takes {most}", date=facts.beyond.date, most=facts.beyond.most), move


def date_confirmed(facts: Facts) -> Iterator[Reason]:
    """GAT04: both sides agreed on the date, and not on another."""
    migration, known = facts.federation.file.migration, facts.agreement
    confirmed = migration.confirmed
    if confirmed is None:
        yield (
            Phrase("both sides have not agreed on the date"),
            Phrase("write migration: confirmed: with the day they did"),
        )
    elif isinstance(known, Problem):
        yield known.message.rstrip("."), known.hint
    elif known and known.confirmed == confirmed and migration.date and known.date != migration.date:
        yield (
            Phrase(
                "on {confirmed} both sides agreed on {former}, and the date is {date} now",
                confirmed=confirmed,
                former=known.date,
                date=migration.date,
            ),
            Phrase("take confirmed: out; once they have agreed on this date, write the day they did"),
        )


def surcharge_told(facts: Facts) -> Iterator[Reason]:
    """GAT05: the federation was told what E3 costs it."""
    migration = facts.federation.file.migration
    cost = cost_of(facts.federation.file, facts.prices, migration.date or facts.lock.date())
    told = migration.surcharge_told
    if cost.surcharge_monthly and (told is None or told.monthly < cost.surcharge_monthly):
        announced = Phrase("{monthly} € were announced", monthly=told.monthly) if told else Phrase("nobody was told")
        yield (
            Phrase(
                "{e3} E3 of {licences} licences cost {surcharge_monthly} € a month more, and {announced}",
                e3=cost.e3,
                licences=cost.licences,
                surcharge_monthly=cost.surcharge_monthly,
                announced=announced,
            ),
            (Phrase("tell them, and write migration: surcharge_told:")),
        )


def contact_outside(facts: Facts) -> Iterator[Reason]:
    """GAT06: somebody can be reached outside the domain."""
    contact = facts.federation.file.contact
    hint = Phrase("write contact: with an address outside the domain, and a phone")
    if contact is None:
        yield Phrase("nobody is named whom one could call"), hint
        return
    domain = contact.email.rpartition("@")[2]
    if any(f".{domain}".endswith(f".{own}") for own in facts.federation.domains):
        yield Phrase("{email} is closed with the rest", email=contact.email), hint


def passwords_account(facts: Facts) -> Iterator[Reason]:
    """GAT07: an account receives the passwords."""
    contact = facts.federation.file.contact
    if contact is None or not contact.poptransfert:
        yield Phrase("no PopTransfert account is named"), Phrase("write contact: poptransfert:")


def structures_complete(facts: Facts) -> Iterator[Reason]:
    """GAT08: the structures its addresses belong to are complete."""
    file = facts.federation.file
    own = [mailbox.directory.atrium_id for mailbox in file.mailboxes.values()]
    named = {file.atrium_id if one is None else one for one in own}
    if None in named:
        yield Phrase("some addresses belong to no structure"), Phrase("write atrium_id: for the federation's seat")
        return
    described = facts.federation.places
    for number in sorted(one for one in named if one is not None):
        structure = described.get(number)
        missing = [key for key in ("street", "postal_code", "city") if not getattr(structure, key, None)]
        if missing:
            what = (
                Phrase("the structure {number} has no {missing}", number=number, missing=", ".join(missing))
                if structure
                else Phrase("{number} is not described", number=number)
            )
            yield what, Phrase("complete it in PopStructure (reconcile structures read), or under structures:")


def letters_arrive(facts: Facts) -> Iterator[Reason]:
    """GAT47: letters reach the contact."""
    if facts.returned:
        yield facts.returned, Phrase("call the contact, correct contact: email:, and the letter leaves again")
