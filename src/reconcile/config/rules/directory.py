"""Rules 401, 405, 406, 510 and 580: what the address book shows, and what Microsoft takes as a sign-in."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from reconcile.config.federation.federation import Federation, Route
from reconcile.config.federation.models import Mailbox
from reconcile.config.federation.scalars import shown
from reconcile.config.rules.catalogue import Finding
from reconcile.config.rules.structures import as_the_day_nears
from reconcile.language.lists import neither
from reconcile.language.phrase import Phrase

# French numbers have ten digits from 0, overseas included; short numbers three or four; others are written from +.
_PHONE = re.compile(r"0[1-9][0-9]{8}|\+33[1-9][0-9]{8}|\+(?!33)[1-9][0-9]{6,14}|[1-9][0-9]{2,3}")

# Microsoft Entra, "Prepare a nonroutable domain" and "userPrincipalName" property: what may stand before the @.
_SIGN_IN = re.compile(r"[a-z0-9'._!#^~-]+")
_LONGEST_DOMAIN = 48
_LONGEST_SIGN_IN = 113


def check_directory(federation: Federation, today: dt.date | None = None) -> Iterator[Finding]:
    """Rules on names, phones and sign-ins. ``today``: the civil day the file is judged at."""
    if federation.file.contact is not None:
        yield from _phone(federation.file.contact.phone, ("contact", "phone"))
    for address, mailbox in federation.file.mailboxes.items():
        route: Route = ("mailboxes", address)
        yield from _sign_in(address)
        yield from _phone(mailbox.directory.phone, (*route, "directory", "phone"))
        if mailbox.licence == "shared":
            yield from _shared(federation, address, mailbox, today)
        else:
            names = {"last_name": mailbox.directory.last_name, "first_name": mailbox.directory.first_name}
            if missing := [key for key, name in names.items() if not name]:
                message = Phrase(
                    "{address} is personal and its directory has no {missing}",
                    address=address,
                    missing=neither(missing),
                )
                hint = Phrase("the address book and the signature need both names")
                where = (*route, "directory") if ((*route, "directory") in federation.marks) else route
                yield Finding("SPF401", where, message, hint, on_key=True)


def _shared(federation: Federation, address: str, mailbox: Mailbox, today: dt.date | None) -> Iterator[Finding]:
    """A shared mailbox signs as the structure it belongs to, under its own name and number."""
    severity = as_the_day_nears(federation, today)
    if mailbox.hidden or severity is None:  # nobody looks a hidden one up
        return
    directory = mailbox.directory
    missing = [] if mailbox.display_name else ["display_name"]
    # ``phone: null`` says that there is none; silence says nothing.
    missing += [] if "phone" in directory.model_fields_set else ["phone"]
    missing += [] if directory.atrium_id or federation.file.atrium_id else ["atrium_id"]
    if missing:
        message = Phrase("{address} is shared and has no {missing} to show", address=address, missing=neither(missing))
        hint = Phrase(
            "write display_name, directory: {{phone: …}} (null when there is none) and the structure's atrium_id"
        )
        yield Finding("SPF580", ("mailboxes", address), message, hint, on_key=True, severity=severity)


def check_names(federations: Sequence[Federation]) -> Iterator[tuple[Federation, Finding]]:
    """Rule 406, over all files: people whom the address book shows under one name."""
    people: dict[str, list[tuple[Federation, str, str]]] = {}
    for federation in federations:
        for address, mailbox in federation.file.mailboxes.items():
            names = (mailbox.directory.first_name, mailbox.directory.last_name)
            shown_as = mailbox.display_name or " ".join(name for name in names if name)
            if mailbox.licence != "shared" and not mailbox.hidden and shown_as:
                people.setdefault(shown_as.casefold(), []).append((federation, address, shown_as))
    for ones in people.values():
        counts = Counter(address for _, address, _ in ones)
        two = list(counts)[:2]
        for federation, address, shown_as in ones:
            others = len(ones) - counts[address]
            if not others:
                continue
            more = Phrase(" and {number} more", number=others - 1) if others > 1 else ""
            message = Phrase(
                "the address book shows {address} and {others}{more} as {shown_as}",
                address=address,
                others=two[two[0] == address],
                more=more,
                shown_as=shown_as,
            )
            hint = Phrase("their job titles and structures tell them apart; or set display_name")
            yield federation, Finding("SPF406", ("mailboxes", address), message, hint, on_key=True)


def _phone(phone: str | None, route: Route) -> Iterator[Finding]:
    if phone is None:
        return
    digits = re.sub(r"\(0\)|[\s.\-/()\u2010\u2011]", "", re.sub("^00", "+", phone))
    if _PHONE.fullmatch(digits):
        return
    hint = Phrase('write ten digits in quotes, like "03 53 01 00 01", or start with + and the country\'s number')
    if re.fullmatch("[1-9][0-9]{8}", digits):
        hint = Phrase('a spreadsheet may have eaten its zero: "0{digits}"?', digits=digits)
    yield Finding("SPF405", route, Phrase("the phone number {phone} cannot be read", phone=shown(phone)), hint)


def _sign_in(address: str) -> Iterator[Finding]:
    local, _, domain = address.rpartition("@")
    if strange := sorted(set(_SIGN_IN.sub("", local))):
        message = Phrase(
            "Microsoft 365 refuses {strange} in the sign-in {address}", strange=" ".join(strange), address=address
        )
    elif len(domain) > _LONGEST_DOMAIN:
        message = Phrase(
            "Microsoft 365 wants {longest_domain} characters at most after the @ of the sign-in {address}",
            longest_domain=_LONGEST_DOMAIN,
            address=address,
        )
    elif len(address) > _LONGEST_SIGN_IN:
        message = Phrase(
            "Microsoft 365 wants {longest_sign_in} characters at most in the sign-in {address}",
            longest_sign_in=_LONGEST_SIGN_IN,
            address=address,
        )
    else:
        return
    hint = Phrase("choose another address for the mailbox and keep this one as its alias")
    yield Finding("SPF510", ("mailboxes", address), message, hint, on_key=True)
