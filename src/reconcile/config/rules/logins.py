"""Rule 109: the login of an old mailbox belongs to the federation whose file names it."""

from __future__ import annotations

from collections.abc import Iterator

from reconcile.config.federation.federation import Federation, Route
from reconcile.config.inventory.logins import Logins
from reconcile.config.rules.catalogue import Finding
from reconcile.language.phrase import Phrase


def check_logins(federation: Federation, logins: Logins) -> Iterator[Finding]:
    """``logins``: what is known of whose they are."""
    file = federation.file
    if file.legacy is None and file.migration.closed is not None:
        return  # nothing is opened any more
    server = file.legacy.server if file.legacy else ""
    yield from _folders(federation, logins, server)
    for login, route in _opened(federation):
        if why := logins.refusal(federation.slug, server, login):
            hint = Phrase(
                "a login that is no address of the file is listed in reconcile.toml: "
                '{slug} = ["{login}"] under [legacy.{server}.logins]',
                slug=federation.slug,
                login=login,
                server=server or Phrase("NAME"),
            )
            if not why.startswith("nothing"):
                hint = Phrase("write the login that this mailbox itself has on the old host")
            yield Finding("SPF109", route, why, hint, on_key=len(route) == 2)


def _folders(federation: Federation, logins: Logins, server: str) -> Iterator[Finding]:
    for address, mailbox in federation.file.mailboxes.items():
        if mailbox.public_folder and not mailbox.new:
            why = logins.folder_refusal(federation.slug, server, mailbox.public_folder)
            listed = Phrase(
                '{slug} = ["{public_folder}"] under [legacy.{server}.public_folders]',
                slug=federation.slug,
                public_folder=mailbox.public_folder,
                server=server or Phrase("NAME"),
            )
            if why:
                hint = Phrase("if it is, reconcile.toml lists it: {listed}", listed=listed)
                yield Finding("SPF109", ("mailboxes", address, "public_folder"), why, hint)


def _opened(federation: Federation) -> Iterator[tuple[str, Route]]:
    """Every login the copier would use, and where it is written."""
    for address, mailbox in federation.file.mailboxes.items():
        if mailbox.legacy_login is not None and not mailbox.new:
            yield mailbox.legacy_login, ("mailboxes", address, "legacy_login")
        elif not mailbox.new and federation.file.legacy and _in(federation, mailbox.was or address):
            yield mailbox.was or address, ("mailboxes", address)
        for position, alias in enumerate(mailbox.aliases):
            if alias.legacy_mail == "merge" and _in(federation, alias.address):
                yield alias.address, ("mailboxes", address, "aliases", position, "address")


def _in(federation: Federation, address: str) -> bool:
    """An address outside is for the rules on addresses."""
    return address.rpartition("@")[2] in federation.domains
