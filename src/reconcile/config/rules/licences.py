"""Rules 2xx: who has a licence, who works in a shared mailbox."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping

from reconcile.config.federation.federation import Federation, Route
from reconcile.config.federation.models import Mailbox
from reconcile.config.rules.catalogue import Finding
from reconcile.language.phrase import Phrase

#: Local parts, or their first word, that name a function and not a person.
_GENERIC = re.compile(
    r"(?:"
    r"accueil|action|administration|animation|antenne|benevolat|benevoles|boutique|braderie|collecte|com|comite"
    r"|communication|compta|comptabilite|contact|copain|culture|direction|don|donateurs|dons|enfance|equipe"
    r"|federation|formation|info|infos|informatique|jeunes|jeunesse|logistique|loisirs|mecenat|partenariat|permanence"
    r"|postmaster|presidence|presse|rh|salaries|secourspopulaire|secretariat|solidarite|spf|sport|stage|stagiaire"
    r"|support|tresorerie|urgence|vacances|webmaster"
    r")[0-9]*(?:[._-].*)?"
)


def check_licences(federation: Federation, owners: Mapping[str, str]) -> Iterator[Finding]:
    """Rules on the licence and the delegates of each mailbox. ``owners`` maps every declared domain to its slug."""
    for address, mailbox in federation.file.mailboxes.items():
        route: Route = ("mailboxes", address)
        yield from _source(route, address, mailbox)
        if mailbox.licence == "shared":
            yield from _shared(federation, address, mailbox, owners)
            continue
        if mailbox.delegates:
            message = Phrase(
                "{address} is a personal mailbox ({licence}) and has delegates",
                address=address,
                licence=mailbox.licence,
            )
            yield Finding("SPF210", (*route, "delegates"), message, "make it shared, or delete them", on_key=True)
        if mailbox.single_user:
            message = Phrase("{address} is kept by one person, who signs in with it", address=address)
            hint = Phrase("a shared mailbox with a personal address each is safer and easier to hand over")
            yield Finding("SPF208", (*route, "single_user"), message, hint, on_key=True)
        elif _GENERIC.fullmatch(address.partition("@")[0]):
            message = Phrase(
                "{address} looks generic and has the personal licence {licence}",
                address=address,
                licence=mailbox.licence,
            )
            hint = Phrase("make it shared and name its delegates, or write single_user: true if one person keeps it")
            yield Finding("SPF204", (*route, "licence"), message, hint)


def _source(route: Route, address: str, mailbox: Mailbox) -> Iterator[Finding]:
    """Where its old mail comes from."""
    written = {"legacy_login": mailbox.legacy_login, "public_folder": mailbox.public_folder}
    for key, value in written.items():
        if mailbox.new and value is not None:
            message = Phrase("{address} is new, so it has no {key}", address=address, key=key)
            yield Finding("SPF105", (*route, key), message, "delete one of the two", on_key=True)
    if mailbox.public_folder is not None and mailbox.legacy_login is None and not mailbox.new:
        message = Phrase("nothing says which login sees the public folder of {address}", address=address)
        yield Finding("SPF105", (*route, "public_folder"), message, "write it: legacy_login", on_key=True)


def _shared(federation: Federation, address: str, mailbox: Mailbox, owners: Mapping[str, str]) -> Iterator[Finding]:
    if not mailbox.delegates:
        hint = Phrase("list under 'delegates' the people who work in it")
        yield Finding(
            "SPF201",
            ("mailboxes", address),
            Phrase("the shared mailbox {address} has no delegate", address=address),
            hint,
            True,
        )
    if mailbox.single_user:
        message = Phrase("{address} is shared, so it is not single_user", address=address)
        yield Finding("SPF105", ("mailboxes", address, "single_user"), message, "choose E1 or E3, or delete it", True)
    seen: set[str] = set()
    for position, delegate in enumerate(mailbox.delegates):
        route: Route = ("mailboxes", address, "delegates", position, "who")
        if delegate.who in seen:
            yield Finding(
                "SPF209",
                route,
                Phrase("{who} is already a delegate of {address}", who=delegate.who, address=address),
                "keep one of the two",
            )
            continue
        seen.add(delegate.who)
        box = federation.file.mailboxes.get(delegate.who)
        if delegate.who in federation.file.external_members:
            continue
        if box is None:
            message = Phrase("the delegate {who} has no mailbox in this file", who=delegate.who)
            yield Finding("SPF203", route, message, _unknown(federation, delegate.who, owners))
        elif box.licence == "shared":
            message = Phrase("the delegate {who} is itself a shared mailbox: nobody signs in with it", who=delegate.who)
            yield Finding("SPF202", route, message, "name the people, by their E1 or E3 address")


def _unknown(federation: Federation, who: str, owners: Mapping[str, str]) -> str:
    """Why an address may be no mailbox here, and what to write instead."""
    for address, mailbox in federation.file.mailboxes.items():
        if any(alias.address == who for alias in mailbox.aliases):
            return Phrase("it is an alias of {address}: write that", address=address)
    if any(given_up.address == who for given_up in federation.file.not_migrated):
        return Phrase("it is listed under not_migrated")
    owner = owners.get(who.rpartition("@")[2], federation.slug)
    if owner != federation.slug:
        return Phrase("it belongs to {owner}; to allow it all the same, name it under external_members", owner=owner)
    people = [address for address, mailbox in federation.file.mailboxes.items() if mailbox.licence != "shared"]
    if near := difflib.get_close_matches(who, people, 1, 0.85):
        return Phrase("did you mean {near}? If not, declare the mailbox with an E1 or E3 licence", near=near[0])
    return Phrase("declare the mailbox with an E1 or E3 licence (and new: true if it is new), or correct the address")
