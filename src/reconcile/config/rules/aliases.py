"""Rules 3xx: an alias is one address more of a mailbox, in the same domain, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconcile.config.federation.federation import Federation, Route
from reconcile.config.federation.models import Mailbox
from reconcile.config.rules.catalogue import Finding
from reconcile.language.phrase import Phrase


def check_aliases(federation: Federation, owners: Mapping[str, str]) -> Iterator[Finding]:
    """Rules on the aliases of each mailbox. ``owners`` maps every declared domain to its federation's slug."""
    taken: dict[str, str] = {}
    for address, mailbox in federation.file.mailboxes.items():
        domain = address.rpartition("@")[2]
        for route, name in _names(address, mailbox):
            its_domain = name.rpartition("@")[2]
            if name == address:
                yield Finding(
                    "SPF302", route, Phrase("{name} is given as an alias of itself", name=name), "delete the line"
                )
            elif name in federation.file.mailboxes:
                message = Phrase(
                    "{name} is given as an alias of {address} and as a mailbox", name=name, address=address
                )
                hint = Phrase("delete one of the two; with the alias, legacy_mail: merge keeps the old messages")
                yield Finding("SPF305", route, message, hint)
            elif name in taken:
                yield Finding(
                    "SPF307",
                    route,
                    Phrase("{name} is already an alias of {taken}", name=name, taken=taken[name]),
                    "keep one of the two",
                )
            elif its_domain not in owners:
                message = Phrase("the alias {name} is outside the federation's domains", name=name)
                yield Finding(
                    "SPF303",
                    route,
                    message,
                    Phrase("an alias of {address} ends in @{domain}", address=address, domain=domain),
                )
            elif its_domain != domain and not (route[-1] == "was" and its_domain in federation.domains):
                message = Phrase(
                    "the alias {name} is not in {domain}, the domain of its mailbox", name=name, domain=domain
                )
                yield Finding(
                    "SPF304",
                    route,
                    message,
                    Phrase("an alias of {address} ends in @{domain}", address=address, domain=domain),
                )
            taken.setdefault(name, address)


def _names(address: str, mailbox: Mailbox) -> Iterator[tuple[Route, str]]:
    """Every address more of a mailbox and where it stands: its aliases, and the one it had before."""
    for position, alias in enumerate(mailbox.aliases):
        yield ("mailboxes", address, "aliases", position, "address"), alias.address
    if mailbox.was and mailbox.was not in {alias.address for alias in mailbox.aliases}:
        yield ("mailboxes", address, "was"), mailbox.was
