"""Whose old mailboxes a federation may have copied: the master user opens any, so a login is checked as an address is.

Pure. Asked when files are checked, when a plan is made, before a change is written and before a mailbox is opened.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterable, Mapping

from reconcile.config.federation.addresses import ADDRESS_PATTERN
from reconcile.config.inventory.inventory import Inventory, login_owners
from reconcile.config.settings.tables.legacy.legacy import LegacyServer
from reconcile.language.phrase import Phrase

#: The separator of the master user on a host nobody describes.
_USUAL_SEPARATOR = "*"


@dataclasses.dataclass(frozen=True, slots=True)
class Logins:
    """``owners``: each declared domain → its federation's slug. ``servers``: the old hosts by name; None when they are
    not known, and neither are the logins listed there. ``protected``: addresses, and domains with all below them, in
    lower case. ``seen``: each login of the inventories, in lower case → the federations whose mailboxes it opens.
    """

    owners: Mapping[str, str]
    servers: Mapping[str, LegacyServer] | None
    protected: Collection[str] = ()
    seen: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)

    @classmethod
    def known(
        cls,
        owners: Mapping[str, str],
        servers: Mapping[str, LegacyServer] | None,
        protected: Collection[str],
        inventories: Iterable[object],
    ) -> Logins:
        """``inventories``: the newest of each federation; what could not be read tells of no login."""
        seen = login_owners(one for one in inventories if isinstance(one, Inventory))
        names = frozenset(name.strip().lower().removeprefix("@") for name in protected)
        return cls(owners, servers, names, seen)

    def refusal(self, federation: str, server: str, login: str, public_folder: str = "") -> str:
        """Why the mailbox that ``login`` opens on ``server`` is not for that federation (a slug) to have copied; ""
        when it is: an address in a domain of its own, or a login that the settings or the inventories give to it.

        ``public_folder``: the folder that is the mailbox, which the settings give to it too."""
        return self._login_refusal(federation, server, login) or self.folder_refusal(federation, server, public_folder)

    def folder_refusal(self, federation: str, server: str, folder: str) -> str:
        """Why a public folder, "" for none, is not for that federation to have copied; "" when it is."""
        host = (self.servers or {}).get(server)
        if not folder or self.servers is None:
            return ""
        if host and folder in host.public_folders.get(federation, ()):
            return ""
        return Phrase(
            "nothing says that the public folder {folder} is for {federation}", folder=folder, federation=federation
        )

    def _login_refusal(self, federation: str, server: str, login: str) -> str:
        name = login.strip().lower()
        host = (self.servers or {}).get(server)
        separator = host.separator if host else _USUAL_SEPARATOR
        if not name or not name.isprintable():
            return Phrase("{login!r} is not a login", login=login)
        if separator in name:
            return Phrase(
                "{login} holds {separator!r}, which would name another master user", login=login, separator=separator
            )
        domain = name.rpartition("@")[2] if "@" in name else ""
        if name in self.protected or any(f".{domain}".endswith(f".{one}") for one in self.protected):
            return Phrase("{login} is protected", login=login)
        owner = self.owners.get(domain)
        if owner is not None and owner != federation:
            return Phrase("{login} is in a domain of {owner}", login=login, owner=owner)
        if owner == federation and re.fullmatch(ADDRESS_PATTERN, name):
            return ""
        listed = host.logins.get(federation, ()) if host else ()
        if name in (one.lower() for one in listed) or self.seen.get(name) == frozenset({federation}):
            return ""
        if self.servers is None and not domain:
            return ""
        return Phrase("nothing says that {login} is a login of {federation}", login=login, federation=federation)


#: Nothing is known of any login, so none may be used.
NO_LOGINS = Logins({}, {})
