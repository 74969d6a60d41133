"""The gates that the federation settles: date, cost, contact, structures. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.config.cost import cost_of
from reconcile.config.settings.tables.batches import batch_of
from reconcile.planning.gates.facts import Facts, Reason


def dated(facts: Facts) -> Iterator[Reason]:
    """GAT01: the date is one of the calendar and has room."""
    file = facts.federation.file
    move = "choose one: reconcile batches move"
    if file.migration.date is None:
        yield "the federation has no date", move
    elif facts.batches and "SPF501" not in file.overrides and batch_of(file.migration.date, facts.batches) is None:
        yield f"{file.migration.date} is no date of the calendar", move
    elif facts.beyond is not None and "SPF502" not in file.overrides:
        yield f"{facts.beyond.date} is full: it takes {facts.beyond.most}", move


def date_confirmed(facts: Facts) -> Iterator[Reason]:
    """GAT04: both sides agreed on the date."""
    confirmed = facts.federation.file.migration.confirmed
    if confirmed is None:
        yield "both sides have not agreed on the date", "write migration: confirmed: with the day they did"


def surcharge_told(facts: Facts) -> Iterator[Reason]:
    """GAT05: the federation was told what E3 costs it."""
    migration = facts.federation.file.migration
    cost = cost_of(facts.federation.file, facts.prices, migration.date or facts.lock.date())
    told = migration.surcharge_told
    if cost.surcharge_monthly and (told is None or told.monthly < cost.surcharge_monthly):
        announced = f"{told.monthly} € were announced" if told else "nobody was told"
        yield (
            f"{cost.e3} E3 of {cost.licences} licences cost {cost.surcharge_monthly} € a month more, and {announced}",
            ("tell them, and write migration: surcharge_told:"),
        )


def contact_outside(facts: Facts) -> Iterator[Reason]:
    """GAT06: somebody can be reached outside the domain."""
    contact = facts.federation.file.contact
    hint = "write contact: with an address outside the domain, and a phone"
    if contact is None:
        yield "nobody is named whom one could call", hint
        return
    domain = contact.email.rpartition("@")[2]
    if any(f".{domain}".endswith(f".{own}") for own in facts.federation.domains):
        yield f"{contact.email} is closed with the rest", hint


def passwords_account(facts: Facts) -> Iterator[Reason]:
    """GAT07: an account receives the passwords."""
    contact = facts.federation.file.contact
    if contact is None or not contact.poptransfert:
        yield "no PopTransfert account is named", "write contact: poptransfert:"


def structures_complete(facts: Facts) -> Iterator[Reason]:
    """GAT08: the structures its addresses belong to are complete."""
    file = facts.federation.file
    own = [mailbox.directory.atrium_id for mailbox in file.mailboxes.values()]
    named = {file.atrium_id if one is None else one for one in own}
    if None in named:
        yield "some addresses belong to no structure", "write atrium_id: for the federation's seat"
        return
    described = facts.federation.places
    for number in sorted(one for one in named if one is not None):
        structure = described.get(number)
        missing = [key for key in ("street", "postal_code", "city") if not getattr(structure, key, None)]
        if missing:
            what = f"the structure {number} has no {', '.join(missing)}" if structure else f"{number} is not described"
            yield what, "complete it in PopStructure (reconcile structures read), or under structures:"


def letters_arrive(facts: Facts) -> Iterator[Reason]:
    """GAT47: letters reach the contact."""
    if facts.returned:
        yield facts.returned, "call the contact, correct contact: email:, and the letter leaves again"
