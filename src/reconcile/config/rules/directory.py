"""Rules 4xx and 510: what the address book shows, and what Microsoft takes as a sign-in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reconcile.config.federation.federation import Federation, Route
from reconcile.config.federation.scalars import shown
from reconcile.config.rules.catalogue import Finding

# French numbers have ten digits from 0, overseas included; short numbers three or four; others are written from +.
_PHONE = re.compile(r"0[1-9][0-9]{8}|\+33[1-9][0-9]{8}|\+(?!33)[1-9][0-9]{6,14}|[1-9][0-9]{2,3}")

# Microsoft Entra, "Prepare a nonroutable domain" and "userPrincipalName" property: what may stand before the @.
_SIGN_IN = re.compile(r"[a-z0-9'._!#^~-]+")
_LONGEST_DOMAIN = 48
_LONGEST_SIGN_IN = 113


def check_directory(federation: Federation) -> Iterator[Finding]:
    """Rules on names, phones and sign-ins."""
    if federation.file.contact is not None:
        yield from _phone(federation.file.contact.phone, ("contact", "phone"))
    yield from _structures(federation)
    yield from _departments(federation)
    for address, mailbox in federation.file.mailboxes.items():
        route: Route = ("mailboxes", address)
        yield from _sign_in(address)
        yield from _phone(mailbox.directory.phone, (*route, "directory", "phone"))
        if mailbox.licence != "shared":
            names = {"last_name": mailbox.directory.last_name, "first_name": mailbox.directory.first_name}
            if missing := [key for key, name in names.items() if not name]:
                message = f"{address} is personal and its directory has no {' nor '.join(missing)}"
                hint = "the address book and the signature need both names"
                where = (*route, "directory") if ((*route, "directory") in federation.marks) else route
                yield Finding("SPF401", where, message, hint, on_key=True)


def _structures(federation: Federation) -> Iterator[Finding]:
    """Each structure once; where some are described, every one that addresses name."""
    described: set[int] = set()
    for place, structure in enumerate(federation.file.structures):
        if structure.atrium_id in described:
            message = f"the structure {structure.atrium_id} is described twice"
            yield Finding("SPF406", ("structures", place, "atrium_id"), message, "keep one of the two")
        described.add(structure.atrium_id)
    if not described:
        return
    named: list[tuple[int | None, Route]] = [(federation.file.atrium_id, ("atrium_id",))]
    for address, mailbox in federation.file.mailboxes.items():
        named.append((mailbox.directory.atrium_id, ("mailboxes", address, "directory", "atrium_id")))
    for atrium_id, route in named:
        if atrium_id is not None and atrium_id not in described:
            described.add(atrium_id)
            message = f"the structure {atrium_id} is not among those described"
            yield Finding("SPF407", route, message, "describe it under structures: its addresses show no place")


def _departments(federation: Federation) -> Iterator[Finding]:
    """A whole code names its department; a region has several."""
    file = federation.file
    if file.kind == "region":
        return
    own = file.code.zfill(3)
    named: list[tuple[int | None, Route]] = [(file.atrium_id, ("atrium_id",))]
    named += [(one.atrium_id, ("structures", place, "atrium_id")) for place, one in enumerate(file.structures)]
    named += [
        (mailbox.directory.atrium_id, ("mailboxes", address, "directory", "atrium_id"))
        for address, mailbox in file.mailboxes.items()
    ]
    for atrium_id, route in named:
        department = getattr(atrium_id, "department", "")
        if department not in ("", own):
            message = f"the structure {atrium_id} is of the department {department}, and this file of {own}"
            yield Finding("SPF403", route, message, "look its code up in PopStructure again")


def _phone(phone: str | None, route: Route) -> Iterator[Finding]:
    if phone is None:
        return
    digits = re.sub(r"\(0\)|[\s.\-/()\u2010\u2011]", "", re.sub("^00", "+", phone))
    if _PHONE.fullmatch(digits):
        return
    hint = 'write ten digits in quotes, like "03 53 01 00 01", or start with + and the country\'s number'
    if re.fullmatch("[1-9][0-9]{8}", digits):
        hint = f'a spreadsheet may have eaten its zero: "0{digits}"?'
    yield Finding("SPF405", route, f"the phone number {shown(phone)} cannot be read", hint)


def _sign_in(address: str) -> Iterator[Finding]:
    local, _, domain = address.rpartition("@")
    if strange := sorted(set(_SIGN_IN.sub("", local))):
        message = f"Microsoft 365 refuses {' '.join(strange)} in the sign-in {address}"
    elif len(domain) > _LONGEST_DOMAIN:
        message = f"Microsoft 365 wants {_LONGEST_DOMAIN} characters at most after the @ of the sign-in {address}"
    elif len(address) > _LONGEST_SIGN_IN:
        message = f"Microsoft 365 wants {_LONGEST_SIGN_IN} characters at most in the sign-in {address}"
    else:
        return
    hint = "choose another address for the mailbox and keep this one as its alias"
    yield Finding("SPF510", ("mailboxes", address), message, hint, on_key=True)
