"""Federations caught between two hosts: some mailboxes are in the tenant, and mail still goes to the old one; or mail
goes to the tenant, and some mailboxes are not there. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from reconcile.language.phrase import Phrase
from reconcile.providers.base import Observed
from reconcile.resources.address import Address
from reconcile.resources.milestones import due_now
from reconcile.resources.resource import Desired, Live
from reconcile.state.snapshot.snapshot import Record


@dataclasses.dataclass(frozen=True, slots=True)
class Split:
    """One federation. ``domains``: whose mail still goes to the old host though their switch is due. ``moved``: how
    many mailboxes are in the tenant already. ``waiting``: the mailboxes that are not, for which the switch waits."""

    federation: str
    domains: tuple[str, ...]
    moved: int
    waiting: tuple[Address, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Late:
    """Mailboxes that are due and not in the tenant, of a federation whose mail goes there: the relay takes theirs on to
    the old host, whence it is copied once they are there."""

    federation: str
    waiting: tuple[Address, ...]


def splits(
    desired: Sequence[Desired],
    records: Mapping[Address, Record],
    observed: Mapping[Address, Observed],
    open_: Collection[Address],
    now: dt.datetime,
) -> Iterator[Split]:
    """The split ones, as a plan finds them. ``open_``: what it would change, and what it knows nothing about."""
    for slug, ours in _by_federation(desired):
        late = [
            one.address.mail_domain
            for one in ours
            if is_switch(one.address) and due_now(one.due, now) and one.address in open_ and one.address not in records
        ]
        boxes = [one.address for one in ours if one.address.kind == "mailbox"]
        there = [one for one in boxes if one in records and isinstance(observed[one], Live)]
        if late and there:
            waiting = tuple(sorted(one for one in boxes if one in open_ and one not in there))
            yield Split(slug, tuple(sorted(late)), len(there), waiting)


def latecomers(
    desired: Sequence[Desired],
    records: Mapping[Address, Record],
    observed: Mapping[Address, Observed],
    open_: Collection[Address],
    now: dt.datetime,
) -> Iterator[Late]:
    """The federations that were switched without some of their mailboxes. ``open_``: as for ``splits``."""
    for slug, ours in _by_federation(desired):
        switched = any(is_switch(one.address) and one.address in records for one in ours)
        waiting = [
            one.address
            for one in ours
            if one.address.kind == "mailbox" and one.address in open_ and due_now(one.due, now)
            if one.address not in records and not isinstance(observed[one.address], Live)
        ]
        if switched and waiting:
            yield Late(slug, tuple(sorted(waiting)))


def _by_federation(desired: Iterable[Desired]) -> Iterator[tuple[str, list[Desired]]]:
    found: dict[str, list[Desired]] = {}
    for one in desired:
        found.setdefault(one.address.federation, []).append(one)
    yield from sorted(found.items())


def is_switch(address: Address) -> bool:
    """Whether it is the record that leads a domain's mail."""
    return address.kind == "dns" and address.key.endswith("/MX")


def named(waiting: Iterable[Address]) -> str:
    """``until zoe@spf55.org is there``, or nothing when only the record itself is missing."""
    names = [one.key for one in waiting]
    if not names:
        return ""
    some: str = ", ".join(names[:3])
    if len(names) > 3:
        some = Phrase.counted("{some} and {number} more", "{some} and {number} more", len(names) - 3, some=some)
    return Phrase.counted(", until {names} is there", ", until {names} are there", len(names), names=some)
