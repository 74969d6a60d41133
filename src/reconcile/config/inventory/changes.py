"""What changed on the old host between two inventories: an address made since, one gone, a size that grew. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt

from reconcile.config.inventory.inventory import Inventory, Kind, LegacyAddress

Value = str | int | dt.date | tuple[str, ...] | bool | None

#: What makes a decision obsolete when it changes. Sizes and counts change every day and are compared apart.
_FACTS = ("kind", "login", "targets", "filters", "vacation")


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One fact of an address that is not what it was. Neither value is unknown."""

    address: str
    fact: str
    before: Value
    after: Value


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """``gone``: no longer there. ``unseen``: not there either, but the later reading was not complete, so nobody knows.
    ``grown``: bytes gained (or lost) by each mailbox whose size is known both times."""

    before: Inventory
    after: Inventory
    appeared: tuple[LegacyAddress, ...]
    gone: tuple[LegacyAddress, ...]
    unseen: tuple[LegacyAddress, ...]
    changed: tuple[Difference, ...]
    grown: tuple[Difference, ...]

    @property
    def same_addresses(self) -> bool:
        """Whether everything that was decided on the first still stands."""
        return not (self.appeared or self.gone or self.unseen or self.changed)


def compare(before: Inventory, after: Inventory) -> Comparison:
    """What became of ``before``; addresses in alphabetical order."""
    older, newer = before.addresses, after.addresses
    absent = [older[address] for address in sorted(older.keys() - newer.keys())]
    both = sorted(older.keys() & newer.keys())
    return Comparison(
        before,
        after,
        appeared=tuple(newer[address] for address in sorted(newer.keys() - older.keys())),
        gone=tuple(one for one in absent if _would_be_seen(one.kind, after)),
        unseen=tuple(one for one in absent if not _would_be_seen(one.kind, after)),
        changed=tuple(
            found for address in both for fact in _FACTS if (found := _differs(older[address], newer[address], fact))
        ),
        grown=tuple(found for address in both if (found := _differs(older[address], newer[address], "size"))),
    )


def _would_be_seen(kind: Kind, inventory: Inventory) -> bool:
    """Whether that reading would have shown an address of this kind, had it been there."""
    aspects = {"mailbox": "mailboxes", "alias": "aliases", "forward": "aliases", "list": "lists"}
    return aspects.get(kind, "catch_alls") not in inventory.unknown


def _differs(before: LegacyAddress, after: LegacyAddress, fact: str) -> Difference | None:
    was, now = getattr(before, fact), getattr(after, fact)
    if was is None or now is None or was == now:
        return None
    return Difference(before.address, fact, was, now)
