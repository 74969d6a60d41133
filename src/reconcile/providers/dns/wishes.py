"""What one write wants of an RRset: publish our part of it, or take our part away. Pure."""

from __future__ import annotations

import dataclasses
from typing import Protocol

import dns.rdataset

from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.dns.keys import RecordKey
from reconcile.providers.dns.ownership import part_of
from reconcile.providers.dns.parts import Part, Seen
from reconcile.providers.dns.spelling import texts_of

Rdataset = dns.rdataset.Rdataset


class Wish(Protocol):
    """A change of one RRset, told from the RRset as it is at the moment of writing. None is no RRset."""

    @property
    def key(self) -> RecordKey: ...

    @property
    def federation(self) -> str: ...

    def reached(self, now: Rdataset | None) -> bool:
        """Whether nothing is left to do."""

    def granted(self, now: Rdataset | None) -> Rdataset | None:
        """The RRset as it must become. Raises DNS07 when it is no longer what the wish was made on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Publish:
    """Make our part what the order asks."""

    order: Order

    @property
    def key(self) -> RecordKey:
        return RecordKey.parse(self.order.address.key)

    @property
    def federation(self) -> str:
        return self.order.address.federation

    def reached(self, now: Rdataset | None) -> bool:
        return self._part.holds(now, self.order.fields)

    def granted(self, now: Rdataset | None) -> Rdataset | None:
        if self._part.moved(now, _before(self.order), self.order.fields):
            raise changed(self.key, now)
        return self._part.written(now, self.order.fields)

    @property
    def _part(self) -> Part:
        return part_of(self.key)


@dataclasses.dataclass(frozen=True, slots=True)
class Withdraw:
    """Take away what the plan saw as ours, and nothing beside it."""

    order: Order

    @property
    def key(self) -> RecordKey:
        return RecordKey.parse(self.order.address.key)

    @property
    def federation(self) -> str:
        return self.order.address.federation

    def reached(self, now: Rdataset | None) -> bool:
        return now is None or part_of(self.key).see(now, self._ours.fields) is None

    def granted(self, now: Rdataset | None) -> Rdataset | None:
        part = part_of(self.key)
        if part.moved(now, self._ours, self._ours.fields):
            raise changed(self.key, now)
        return None if now is None else part.removed(now, self._ours.fields)

    @property
    def _ours(self) -> Seen:
        return _before(self.order) or Seen({}, {})


def changed(key: RecordKey, now: Rdataset | None) -> Problem:
    """DNS07, with what stands there now."""
    return Problem("DNS07", f"{key} was changed since the plan: it is now {shown(now)}.", "plan again and look")


def shown(now: Rdataset | None) -> str:
    """An RRset in a sentence."""
    return ", ".join(f"'{text}'" for text in texts_of(now)) or "empty"


def _before(order: Order) -> Seen | None:
    return Seen(order.before.fields, order.before.context) if order.before else None
