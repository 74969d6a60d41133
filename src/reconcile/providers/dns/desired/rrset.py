"""What one write wants of an RRset: publish our part of it, or take our part away. Pure."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import dns.rdataset

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.dns.desired.ownership import part_of
from reconcile.providers.dns.records.canonical import texts_of
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.parts import Fields, Part, Seen

Rdataset = dns.rdataset.Rdataset


class RrsetChange(Protocol):
    """A change of one RRset, computed from the RRset as it is at the moment of writing. None is no RRset."""

    @property
    def key(self) -> RecordKey: ...

    @property
    def federation(self) -> str: ...

    @property
    def replaces(self) -> tuple[str, ...] | None:
        """The records at the name that the plan showed as going for an alias; None when it showed none."""

    def satisfied_by(self, now: Rdataset | None) -> bool:
        """Whether nothing is left to do."""

    def refuse_drift(self, now: Rdataset | None) -> None:
        """Raise DNS07 when the RRset is no longer what the change was made on."""

    def applied_to(self, now: Rdataset | None) -> Rdataset | None:
        """The RRset as it must become, every value that is not ours kept."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Ordered:
    """What a change made from an order has in common with the others."""

    order: Order

    @property
    def key(self) -> RecordKey:
        return RecordKey.parse(self.order.address.key)

    @property
    def federation(self) -> str:
        return self.order.address.federation

    @property
    def replaces(self) -> tuple[str, ...] | None:
        value = self.order.before.context.get("replaces") if self.order.before else None
        return value if isinstance(value, tuple) else None

    def refuse_drift(self, now: Rdataset | None) -> None:
        before = self.order.before
        seen = Seen(before.fields, before.context) if before else None
        if self._part.moved(now, seen, self._ours):
            raise changed(self.key, now)

    @property
    def _part(self) -> Part:
        return part_of(self.key)

    @property
    def _ours(self) -> Fields:
        """The values the change is about."""
        return self.order.fields


@dataclasses.dataclass(frozen=True, slots=True)
class Publish(_Ordered):
    """Make our part what the order asks."""

    def satisfied_by(self, now: Rdataset | None) -> bool:
        return self._part.holds(now, self.order.fields)

    def applied_to(self, now: Rdataset | None) -> Rdataset | None:
        return self._part.written(now, self.order.fields)


@dataclasses.dataclass(frozen=True, slots=True)
class Withdraw(_Ordered):
    """Remove what the plan saw as ours, and nothing beside it."""

    def satisfied_by(self, now: Rdataset | None) -> bool:
        return now is None or self._part.see(now, self._ours) is None

    def applied_to(self, now: Rdataset | None) -> Rdataset | None:
        return None if now is None else self._part.removed(now, self._ours)

    @property
    def _ours(self) -> Fields:
        return self.order.before.fields if self.order.before else {}


def changed(key: RecordKey, now: Rdataset | None) -> Problem:
    """DNS07, with what stands there now."""
    return Problem(
        "DNS07",
        Phrase("{key} was changed since the plan: it is now {now}.", key=key, now=shown_for(key, now)),
        "plan again and look",
    )


def shown_for(key: RecordKey, now: Rdataset | None) -> str:
    """What a message says of the RRset: its TTL where that alone is ours, else its values."""
    return f"a TTL of {now.ttl} s" if key.part == "ttl" and now is not None else shown(now)


def shown(now: Rdataset | None) -> str:
    """An RRset in a sentence."""
    return ", ".join(f"'{text}'" for text in texts_of(now)) or "empty"
