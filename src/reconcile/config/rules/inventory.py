"""Rules 306, 505, 506, 512 to 516, 518, 519: the file against the newest inventory of the old host as the day nears."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from reconcile.config.federation.federation import Federation, Route
from reconcile.config.inventory.inventory import WHICH_ADDRESSES, Inventory, LegacyAddress
from reconcile.config.rules.catalogue import Finding
from reconcile.config.rules.diagnostic import Severity
from reconcile.language.lists import both
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

#: Days before the migration: the federation is handed its list, and has answered.
ASKED_DAYS, ANSWERED_DAYS = 14, 7


def check_inventory(federation: Federation, inventory: Inventory | Problem, today: dt.date | None) -> Iterator[Finding]:
    """Rules on what the old host holds, or on why that cannot be told. ``today``: the civil day the file is judged at.

    They speak from the day the list is handed out (J-14) until the day of the migration: what the old host held then
    says nothing of what the file may become later. A federation without a date is not asked yet.
    """
    day = federation.file.migration.date
    if day is None or today is None or not day - dt.timedelta(days=ASKED_DAYS) <= today < day:
        return
    if isinstance(inventory, Problem):
        yield Finding("SPF516", ("domain",), inventory.message.rstrip("."), inventory.hint)
        return
    late = today >= day - dt.timedelta(days=ANSWERED_DAYS)
    severity: Severity = "error" if late else "warning"
    yield from _undecided(federation, inventory, severity)
    yield from _own_mail(federation, inventory, severity)
    yield from _other_logins(federation, inventory, severity)
    yield from _unlisted(federation, inventory)
    yield from _nothing_to_copy(federation, inventory)
    for address, route in decided(federation).items():
        if (found := inventory.addresses.get(address)) is not None:
            yield from _left_behind(found, route, inventory)
    yield from _as_a_whole(inventory)


def decided(federation: Federation) -> dict[str, Route]:
    """Every address the file decides on, and where it says so: under mailboxes, one's ``was`` or aliases, or
    not_migrated."""
    declared: dict[str, Route] = {}
    for address, mailbox in federation.file.mailboxes.items():
        declared[address] = ("mailboxes", address)
        if mailbox.was:
            declared.setdefault(mailbox.was, ("mailboxes", address, "was"))
        for position, alias in enumerate(mailbox.aliases):
            declared.setdefault(alias.address, ("mailboxes", address, "aliases", position, "address"))
    for position, given_up in enumerate(federation.file.not_migrated):
        declared.setdefault(given_up.address, ("not_migrated", position, "address"))
    return declared


def undecided(federation: Federation, inventory: Inventory) -> tuple[LegacyAddress, ...]:
    """The old addresses that the file neither keeps nor gives up, in alphabetical order.

    A catch-all is no address one could keep: it is told apart (SPF514).
    """
    declared = decided(federation)
    found = (one for address, one in sorted(inventory.addresses.items()) if address not in declared)
    return tuple(one for one in found if one.kind != "catch_all")


def undecided_mail(federation: Federation, inventory: Inventory) -> tuple[LegacyAddress, ...]:
    """The aliases of the file that have a mailbox of their own with mail, of which nobody said what becomes of it."""
    return tuple(
        box
        for mailbox in federation.file.mailboxes.values()
        for alias in mailbox.aliases
        if alias.legacy_mail is None and (box := inventory.mailbox(alias.address)) is not None and box.holds_mail
    )


def _undecided(federation: Federation, inventory: Inventory, severity: Severity) -> Iterator[Finding]:
    for one in undecided(federation, inventory):
        message = Phrase(
            "{address} is neither kept nor given up; on the old host it is {one}",
            address=one.address,
            one=_described(one),
        )
        hint = Phrase("write it under mailboxes or as an alias of one, or under not_migrated")
        if one.kind == "forward":
            hint = Phrase("outside forwards are not carried over: make it an alias of a mailbox, or give it up")
        elif one.kind == "list":
            hint = Phrase(
                "make it a shared mailbox whose delegates are its members, an alias of one mailbox, or give it up"
            )
        yield Finding("SPF505", ("mailboxes",), message, hint, on_key=True, severity=severity)


def _own_mail(federation: Federation, inventory: Inventory, severity: Severity) -> Iterator[Finding]:
    routes = decided(federation)
    for box in undecided_mail(federation, inventory):
        message = Phrase(
            "the alias {address} is {box} today, and nobody says what becomes of it",
            address=box.address,
            box=_described(box),
        )
        hint = Phrase(
            "{{address: {address}, legacy_mail: merge}} keeps the old messages; drop leaves them behind",
            address=box.address,
        )
        yield Finding("SPF306", routes[box.address], message, hint, severity=severity)


def _other_logins(federation: Federation, inventory: Inventory, severity: Severity) -> Iterator[Finding]:
    """Mailboxes that would be copied from somebody else's, or not at all."""
    opens = {one.login.lower(): one.address for one in inventory.addresses.values() if one.login}
    for address, mailbox in federation.file.mailboxes.items():
        old = mailbox.was or address
        box = inventory.mailbox(old)
        login = (mailbox.legacy_login or old).lower()
        if mailbox.new or mailbox.public_folder or box is None or not box.login or box.login.lower() == login:
            continue
        message = Phrase(
            "the login of {old} on the old host is {login}, not {login2}", old=old, login=box.login, login2=login
        )
        gravest: Severity = "warning"  # many hosts take the address as a login, too
        if login in opens:
            message = Phrase("{said}, which opens the mailbox of {other}", said=message, other=opens[login])
            gravest = severity
        route = ("mailboxes", address, "legacy_login") if mailbox.legacy_login else ("mailboxes", address)
        on_key = not mailbox.legacy_login
        yield Finding("SPF519", route, message, Phrase("write legacy_login: {login}", login=box.login), on_key, gravest)


def _unlisted(federation: Federation, inventory: Inventory) -> Iterator[Finding]:
    if not inventory.lists_every_address:
        return
    taken = f"{inventory.taken:%Y-%m-%d}"

    def missing(address: str) -> bool:
        return address not in inventory.addresses and address.rpartition("@")[2] in inventory.domains

    for address, mailbox in federation.file.mailboxes.items():
        old = mailbox.was or address
        if not mailbox.new and missing(old):
            message = Phrase("{old} is not on the old host in the inventory of {taken}", old=old, taken=taken)
            hint = Phrase("correct the address, or write new: true")
            yield Finding("SPF506", ("mailboxes", address), message, hint, on_key=True)
    for position, given_up in enumerate(federation.file.not_migrated):
        if missing(given_up.address):
            message = Phrase(
                "{address} is given up, and is not on the old host in the inventory of {taken}",
                address=given_up.address,
                taken=taken,
            )
            route = ("not_migrated", position, "address")
            yield Finding("SPF506", route, message, "correct the address, or delete the line")


def _nothing_to_copy(federation: Federation, inventory: Inventory) -> Iterator[Finding]:
    """Copies the file asks for of what is no mailbox on the old host: they would fail on the night."""
    for address, mailbox in federation.file.mailboxes.items():
        found = inventory.addresses.get(mailbox.was or address)
        if not mailbox.new and found is not None and found.kind != "mailbox":
            message = Phrase(
                "{address} is {found} on the old host, no mailbox: it has no messages to copy",
                address=found.address,
                found=_described(found),
            )
            yield Finding("SPF518", ("mailboxes", address), message, "write new: true", on_key=True)
        for position, alias in enumerate(mailbox.aliases):
            known = "mailboxes" not in inventory.unknown and alias.address.rpartition("@")[2] in inventory.domains
            if alias.legacy_mail == "merge" and known and inventory.mailbox(alias.address) is None:
                message = Phrase(
                    "{address} has no mailbox on the old host: there are no messages to merge", address=alias.address
                )
                route = ("mailboxes", address, "aliases", position, "legacy_mail")
                yield Finding("SPF518", route, message, "delete legacy_mail", on_key=True)


def _left_behind(one: LegacyAddress, route: Route, inventory: Inventory) -> Iterator[Finding]:
    """What an address does on the old host that the new one will not do."""
    if outside := one.outside(inventory.domains):
        message = Phrase(
            "{address} sends its messages on to {outside} on the old host; this ends",
            address=one.address,
            outside=", ".join(outside),
        )
        yield Finding("SPF512", route, message, "tell whoever reads them there", on_key=True)
    filters = one.filters or ()
    named = ", ".join(filters)
    habits: list[str] = []
    if filters:
        habits.append(Phrase.counted("the filter {named}", "the filters {named}", len(filters), named=named))
    if one.vacation:
        habits.append(Phrase("an automatic reply"))
    if habits:
        message = Phrase(
            "{address} has {habits} on the old host, not carried over", address=one.address, habits=both(habits)
        )
        hint = Phrase("whoever reads it sets this up again in Outlook")
        if route[0] == "not_migrated":
            hint = Phrase("after the switch its senders are only told that the address does not exist")
        yield Finding("SPF513", route, message, hint, on_key=True)


def _as_a_whole(inventory: Inventory) -> Iterator[Finding]:
    for one in inventory.addresses.values():
        if one.kind == "catch_all":
            where = Phrase(" into {targets}", targets=", ".join(one.targets)) if one.targets else ""
            message = Phrase(
                "the old host takes what is addressed to anybody {address}{where}: addresses nobody listed",
                address=one.address,
                where=where,
            )
            hint = Phrase("see in its log which ones receive mail: after the switch they are refused")
            yield Finding("SPF514", ("domain",), message, hint)
    missing = {aspect: why for aspect, why in inventory.unknown.items() if aspect in WHICH_ADDRESSES}
    if missing:
        told = Phrase.joined(
            "; ",
            (
                Phrase("{aspect}: {why}", aspect=aspect.replace("_", "-"), why=why)
                for aspect, why in sorted(missing.items())
            ),
        )
        message = Phrase("the inventory of {taken:%Y-%m-%d} is not complete ({told})", taken=inventory.taken, told=told)
        yield Finding("SPF515", ("domain",), message, "an address it does not show may exist all the same")


def _described(one: LegacyAddress) -> str:
    """``a mailbox of 1,204 messages``, ``a forward to x@example.net``."""
    to = ", ".join(one.targets)
    if one.kind != "mailbox":
        kind = _KINDS.get(one.kind, one.kind)
        return Phrase("{kind} to {targets}", kind=kind, targets=to) if to else kind
    box = _MAILBOX
    if one.messages is not None:
        box = Phrase.counted("a mailbox of {number:,} message", "a mailbox of {number:,} messages", one.messages)
    return Phrase("{box} that sends on to {targets}", box=box, targets=to) if to else box


_MAILBOX = Phrase("a mailbox")
_KINDS: Mapping[str, str] = {"alias": Phrase("an alias"), "forward": Phrase("a forward"), "list": Phrase("a list")}
