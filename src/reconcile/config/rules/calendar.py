"""Rules 501 to 504, 507 to 509 and 511: the date of each federation, and what was agreed before it."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from reconcile.config.cost import cost_of
from reconcile.config.federation.federation import Federation, Route
from reconcile.config.rules.catalogue import Finding
from reconcile.config.settings.tables.batches import Batch, batch_of
from reconcile.config.settings.tables.passwords import is_public_key
from reconcile.config.settings.tables.tenant.prices import Prices
from reconcile.language.phrase import Phrase

#: Days before the migration: both sides agree on the date (J-5).
AGREED_DAYS = 5

_DATE: Route = ("migration", "date")


def check_calendar(
    federations: Sequence[Federation], batches: Sequence[Batch] | None, prices: Prices | None, today: dt.date | None
) -> Iterator[tuple[Federation, Finding]]:
    """Rules on the calendar of all files together. ``batches``: None when the dates are not known, which then are not
    judged; ``today``: the civil day all is judged at, None when it does not matter."""
    if batches is not None:
        for federation in federations:
            for finding in _dates(federation, batches):
                yield federation, finding
        yield from _full(federations, batches)
    for federation in federations:
        for finding in (*_agreed(federation, prices, today), *_contact(federation), *_overdue(federation, today)):
            yield federation, finding


def beyond_room(federations: Sequence[Federation], batches: Sequence[Batch]) -> dict[str, Batch]:
    """The federations their date has no room for, whatever their override says: slug → the batch.

    Who has confirmed came first, the earliest day first; among the others the alphabet decides, so that the answer is
    the same whoever asks.
    """
    chosen: dict[dt.date, list[Federation]] = defaultdict(list)
    for federation in federations:
        if federation.file.migration.date is not None:
            chosen[federation.file.migration.date].append(federation)
    result: dict[str, Batch] = {}
    for batch in batches:
        ranked = sorted(chosen[batch.date], key=_arrival)
        result |= {federation.slug: batch for federation in ranked[batch.most :]}
    return result


def _arrival(federation: Federation) -> tuple[bool, bool, dt.date, str]:
    """An exempted federation comes last: it stands beyond the room, and takes nobody's place."""
    confirmed = federation.file.migration.confirmed
    return ("SPF502" in federation.file.overrides, confirmed is None, confirmed or dt.date.max, federation.slug)


def _dates(federation: Federation, batches: Sequence[Batch]) -> Iterator[Finding]:
    migration = federation.file.migration
    known = ", ".join(batch.date.isoformat() for batch in batches) or Phrase("none is")
    alone = "SPF501" in federation.file.overrides
    if migration.date is not None and not alone and batch_of(migration.date, batches) is None:
        message = Phrase("{date} is no date of the calendar", date=migration.date)
        yield Finding("SPF501", _DATE, message, Phrase("those of reconcile.toml: {known}", known=known))
    given = batch_of(migration.date, batches)
    if given and not given.open and migration.confirmed is None and "SPF590" not in federation.file.overrides:
        message = Phrase("{date} takes nobody any more (open = false), and is not confirmed here", date=given.date)
        hint = Phrase("choose another date (reconcile batches move), or write the reason under overrides: SPF590")
        yield Finding("SPF590", _DATE, message, hint)
    for position, wish in enumerate(migration.dates):
        if batch_of(wish, batches) is None:
            message = Phrase("the wish {wish} is no date of the calendar", wish=wish)
            hint = Phrase("those of reconcile.toml: {known}", known=known)
            yield Finding("SPF501", ("migration", "dates", position), message, hint, severity="warning")
    if migration.date is None and not migration.dates:
        where: Route = ("migration",) if ("migration",) in federation.marks else ("domain",)
        message = Phrase("the federation has no date and names none it would like")
        yield Finding("SPF503", where, message, "list under migration: dates: what suits it, the preferred first", True)


def _full(federations: Sequence[Federation], batches: Sequence[Batch]) -> Iterator[tuple[Federation, Finding]]:
    beyond = beyond_room(federations, batches)
    for federation in federations:
        batch = beyond.get(federation.slug)
        if batch is None or "SPF502" in federation.file.overrides:
            continue
        count = sum(one.file.migration.date == batch.date for one in federations)
        message = Phrase(
            "{date} takes {most} federations and has {count} with this one",
            date=batch.date,
            most=batch.most,
            count=count,
        )
        hint = Phrase("choose another date (reconcile batches move), or write the reason under overrides: SPF502")
        yield federation, Finding("SPF502", _DATE, message, hint)


def _agreed(federation: Federation, prices: Prices | None, today: dt.date | None) -> Iterator[Finding]:
    """What a confirmation says of all that had to come before it."""
    migration = federation.file.migration
    confirmed, rehearsed, told = migration.confirmed, migration.rehearsed, migration.surcharge_told
    if confirmed is None:
        return
    if rehearsed is None or rehearsed > confirmed:
        when = Phrase("rehearsed on {rehearsed}", rehearsed=rehearsed) if rehearsed else Phrase("never rehearsed")
        message = Phrase("confirmed on {confirmed} and {when}", confirmed=confirmed, when=when)
        yield Finding("SPF504", ("migration", "confirmed"), message, "rehearse first: reconcile rehearse")
    if prices is None or "GAT05" in federation.file.overrides:
        return
    cost = cost_of(federation.file, prices, migration.date or confirmed)
    if not cost.surcharge_monthly:
        return
    many = Phrase(
        "{e3} E3 of {licences} licences cost {surcharge_monthly} € a month more",
        e3=cost.e3,
        licences=cost.licences,
        surcharge_monthly=cost.surcharge_monthly,
    )
    hint = Phrase(
        'write under migration: surcharge_told: {{date: …, monthly: "{surcharge_monthly}"}}',
        surcharge_monthly=cost.surcharge_monthly,
    )
    if told is None:
        yield Finding("SPF509", ("migration", "confirmed"), Phrase("{many}, and nobody was told", many=many), hint)
    elif told.monthly < cost.surcharge_monthly:
        route: Route = ("migration", "surcharge_told", "monthly")
        message = Phrase("{many}, and {monthly} € were announced", many=many, monthly=told.monthly)
        # Licences that came after the migration are news for the next bill, no reason to refuse the file.
        moved = today is not None and migration.date is not None and today >= migration.date
        yield Finding("SPF509", route, message, hint, severity="warning" if moved else None)
    elif told.date > confirmed:
        route = ("migration", "surcharge_told", "date")
        yield Finding(
            "SPF509",
            route,
            Phrase("the surcharge was announced after the confirmation of {confirmed}", confirmed=confirmed),
            Phrase("ask for the agreement again, now that the cost is known, and write its date under confirmed"),
        )


def _contact(federation: Federation) -> Iterator[Finding]:
    contact = federation.file.contact
    if contact is None:
        return
    domain = contact.email.rpartition("@")[2]
    inside = any(f".{domain}".endswith(f".{own}") for own in federation.domains)
    if inside and "GAT06" not in federation.file.overrides:
        message = Phrase("the contact's address {email} is in the domain that moves", email=contact.email)
        hint = Phrase("name one that works while the old mailboxes are closed")
        yield Finding("SPF507", ("contact", "email"), message, hint)
    if not contact.poptransfert and "GAT07" not in federation.file.overrides:
        message = Phrase("no PopTransfert account is named: nobody would receive the passwords")
        yield Finding("SPF508", ("contact",), message, "write contact: poptransfert:", on_key=True)
    account, recipient = contact.poptransfert, contact.age_recipient
    if account and (len(account) > 100 or account.startswith(".") or re.search(r"[/\\:*?\"<>|\x00-\x1f]", account)):
        hint = Phrase("write the account as its folder is called, without a path")
        yield Finding("SPF560", ("contact", "poptransfert"), "this is no account a folder can be named after", hint)
    if recipient and not is_public_key(recipient):
        hint = Phrase("age1… (age-keygen -y), or a line ssh-ed25519 …")
        yield Finding("SPF561", ("contact", "age_recipient"), "this is no age or SSH public key", hint)


def _overdue(federation: Federation, today: dt.date | None) -> Iterator[Finding]:
    """What J-5 asked for and still is not there."""
    migration = federation.file.migration
    if migration.date is None or today is None or migration.confirmed is not None:
        return
    if "SPF501" in federation.file.overrides:
        return  # its date is an affair of its own
    agreed = migration.date - dt.timedelta(days=AGREED_DAYS)
    if today < agreed:
        return
    if today >= migration.date:
        message = Phrase("the date {date} has come and was never confirmed", date=migration.date)
        yield Finding("SPF511", _DATE, message, "choose the next one: reconcile batches move")
        return
    lacking = [
        word
        for word, written in (
            (Phrase("the rehearsal"), migration.rehearsed),
            (Phrase("a contact"), federation.file.contact),
            (Phrase("the confirmation"), migration.confirmed),
        )
        if written is None
    ]
    message = Phrase(
        "since {agreed} (J-{agreed_days}) the file should have {lacking}",
        agreed=agreed,
        agreed_days=AGREED_DAYS,
        lacking=", ".join(lacking),
    )
    yield Finding("SPF511", _DATE, message, "settle it, or choose the next date: reconcile batches move")
