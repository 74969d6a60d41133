"""What an old host held of one federation on one day: its addresses, and how much of them is known. Pure.

An inventory is an observation: what was not read is unknown, never absent. It decides nothing; the rules
(``config.rules.inventory``), the gates and the workbook compare it with the federation's file.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

#: What an old address is. ``alias``: its messages arrive in one box of the federation. ``forward``: they leave for an
#: outside address. ``list``: they go to several. ``catch_all``: it takes what is addressed to nobody, and is written
#: ``@spf55.org``.
Kind = Literal["mailbox", "alias", "forward", "list", "catch_all"]

#: What may be known of a host as a whole. ``aliases`` are aliases and forwards; ``filters`` are server-side filters
#: (Sieve) and vacation replies.
Aspect = Literal["mailboxes", "aliases", "lists", "catch_alls", "sizes", "messages", "last_use", "filters"]

KINDS: tuple[Kind, ...] = get_args(Kind)
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)

#: The aspects that tell which addresses there are.
WHICH_ADDRESSES: frozenset[Aspect] = frozenset({"mailboxes", "aliases", "lists", "catch_alls"})


@dataclasses.dataclass(frozen=True, slots=True)
class LegacyAddress:
    """One address of the old host. None is "not known", everywhere.

    ``address``: in lower case. ``login``: what opens the mailbox; "" for what is none. ``targets``: where its messages
    go, besides its own mailbox if it has one: aliases, forwards, members of a list, redirections of a filter. ``size``
    in bytes and ``messages``, of the whole mailbox. ``last_used``: the last day somebody opened it, or sent from it.
    ``filters``: the names of its active server-side filters. ``vacation``: whether an automatic reply is on.
    """

    address: str
    kind: Kind
    login: str | None = ""
    targets: tuple[str, ...] = ()
    size: int | None = None
    messages: int | None = None
    last_used: dt.date | None = None
    filters: tuple[str, ...] | None = None
    vacation: bool | None = None

    @property
    def holds_mail(self) -> bool:
        """Whether it is a mailbox that has messages, as far as is known: one never counted may have some."""
        if self.kind != "mailbox":
            return False
        return self.messages != 0 if self.messages is not None else self.size != 0

    def outside(self, domains: Iterable[str]) -> tuple[str, ...]:
        """Its targets that are in none of these domains."""
        ours = frozenset(domains)
        return tuple(target for target in self.targets if target.rpartition("@")[2] not in ours)


@dataclasses.dataclass(frozen=True, slots=True)
class Inventory:
    """A dated snapshot of one federation's old addresses.

    ``taken``: the moment it was read, UTC, whole seconds. ``host``: the [legacy.NAME] table. ``sources``: what it was
    read from (``doveadm``, ``sql``…). ``unknown``: the aspects that were not read, or not wholly, and why. Addresses
    that reconcile.toml protects are nobody's to decide on and not in it; ``protected_logins``: what opens them.
    """

    federation: str
    host: str
    taken: dt.datetime
    domains: tuple[str, ...]
    sources: tuple[str, ...]
    addresses: Mapping[str, LegacyAddress]
    unknown: Mapping[Aspect, str] = dataclasses.field(default_factory=dict)
    protected_logins: tuple[str, ...] = ()

    @property
    def logins(self) -> frozenset[str]:
        """Every login of the old host that opens one of the federation's mailboxes, in lower case."""
        return frozenset(one.login.lower() for one in self.addresses.values() if one.login)

    @property
    def lists_every_address(self) -> bool:
        """Whether an address that is not in it does not exist; else it may be one that was not seen."""
        return self.unknown.keys().isdisjoint(WHICH_ADDRESSES - {"catch_alls"})

    def mailbox(self, address: str) -> LegacyAddress | None:
        """The mailbox of that address; None for an alias, a list, or an address that is not in it."""
        found = self.addresses.get(address)
        return found if found is not None and found.kind == "mailbox" else None

    def size(self, addresses: Iterable[str]) -> int | None:
        """Bytes in the mailboxes of these addresses together; None when one of the sizes is not known.

        An address without a mailbox weighs nothing, unless mailboxes may have been missed.
        """
        total = 0
        for address in addresses:
            box = self.mailbox(address)
            if box is None and "mailboxes" not in self.unknown:
                continue
            if box is None or box.size is None:
                return None
            total += box.size
        return total


def login_owners(inventories: Iterable[Inventory]) -> dict[str, frozenset[str]]:
    """Each login of the old hosts, in lower case → the federations whose mailboxes it opens: one, or the host lets
    federations share it."""
    owners: dict[str, frozenset[str]] = {}
    for inventory in inventories:
        for login in inventory.logins:
            owners[login] = owners.get(login, frozenset()) | {inventory.federation}
    return owners
