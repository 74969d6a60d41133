"""What a source of inventories is asked for, and what it answers. Nothing here writes to the old host."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from reconcile.config.federation.addresses import ADDRESS_PATTERN, DOMAIN_PATTERN
from reconcile.config.inventory.inventory import Aspect, Kind

_LONGEST_ADDRESS = 320  # RFC 5321 §4.5.3.1: 64 before the @, 255 after it
_LONGEST_TEXT = 255

#: Numbers beyond this are no size of a mailbox: an exabyte.
_MOST = 10**18


@dataclasses.dataclass(frozen=True, slots=True)
class Scope:
    """What to look for: the domains, and the logins known so far → their address. All in lower case."""

    domains: tuple[str, ...]
    logins: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def has(self, address: str) -> bool:
        """Whether that address, or catch-all (``@domain``), is in one of the domains."""
        return address.rpartition("@")[2] in self.domains

    def address_of(self, login: str) -> str:
        """The address a login opens: the login itself where it is an address in scope; "" when nobody knows."""
        return self.logins.get(login, login if "@" in login and self.has(login) else "")


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """One thing a source said of one address. None, or "" for ``kind``: it does not say.

    ``address``: "" when the source knows mailboxes by their login alone. ``kind``: as the source calls it; an alias may
    turn out to be a forward or a list once its targets are looked at.
    """

    address: str
    kind: Kind | None = None
    login: str | None = None
    targets: tuple[str, ...] = ()
    size: int | None = None
    messages: int | None = None
    last_used: dt.date | None = None
    filters: tuple[str, ...] | None = None
    vacation: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """All a source said. ``covers``: the aspects it lists wholly. ``troubles``: what it could not read, and why."""

    found: tuple[Found, ...] = ()
    covers: frozenset[Aspect] = frozenset()
    troubles: Mapping[Aspect, str] = dataclasses.field(default_factory=dict)


class Source(Protocol):
    """One place to read an old host from. ``name``: how the inventory calls it."""

    name: str

    def read(self, scope: Scope) -> Reading:
        """Read all there is in that scope, and say what could not be read.

        Raises Problem INV10 to INV19 when the source as a whole cannot be read: then it said nothing.
        """
        ...


def clean_address(text: object) -> str:
    """An address, or a catch-all as ``@domain``, in lower case; "" for what is none."""
    if not isinstance(text, str):
        return ""
    address = text.strip().lower()
    if address.startswith("*@"):  # as some panels write it
        address = address[1:]
    pattern = DOMAIN_PATTERN.replace("^", "^@") if address.startswith("@") else ADDRESS_PATTERN
    return address if len(address) <= _LONGEST_ADDRESS and re.fullmatch(pattern, address) else ""


def clean_text(text: object) -> str:
    """A login, a target or a filter's name: one printable line of 255 characters at most; "" for what is none."""
    line = text.strip() if isinstance(text, str) else ""
    return line if line.isprintable() and len(line) <= _LONGEST_TEXT else ""


def clean_count(value: object) -> int | None:
    """A whole number that may be a size or a count, from a number or its digits; None for what is none."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value.strip()[:20])
    if isinstance(value, float | Decimal) and 0 <= value <= _MOST and value == int(value):
        value = int(value)  # a database's sum
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST:
        return value
    return None


def clean_day(value: object) -> dt.date | None:
    """A day from a date, a moment, seconds since 1970, or ISO text; None for what is none, and for nought (never)."""
    try:
        if isinstance(value, dt.datetime):
            return value.date()
        if isinstance(value, dt.date):
            return value
        if isinstance(value, str) and value.strip().isdigit() and value.strip().isascii():
            value = int(value.strip()[:12])
        if isinstance(value, int) and not isinstance(value, bool):
            return dt.datetime.fromtimestamp(value, dt.UTC).date() if value > 0 else None
        return dt.datetime.fromisoformat(value.strip()).date() if isinstance(value, str) else None
    except (ValueError, OverflowError, OSError):
        return None
