"""Federations caught between two hosts: some mailboxes are in the tenant, and mail still goes to the old one. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from reconcile.providers.base import Observed
from reconcile.resources.address import Address
from reconcile.resources.desired import due_now
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


def splits(
    desired: Sequence[Desired],
    records: Mapping[Address, Record],
    observed: Mapping[Address, Observed],
    open_: Collection[Address],
    now: dt.datetime,
) -> Iterator[Split]:
    """The split ones, as a plan finds them. ``open_``: what it would change, and what it knows nothing about."""
    for slug in sorted({one.address.federation for one in desired}):
        ours = [one for one in desired if one.address.federation == slug]
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


def is_switch(address: Address) -> bool:
    """Whether it is the record that leads a domain's mail."""
    return address.kind == "dns" and address.key.endswith("/MX")


def named(waiting: Iterable[Address]) -> str:
    """``until zoe@spf55.org is there``, or nothing when only the record itself is missing."""
    names = [one.key for one in waiting]
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f", until {', '.join(names[:3])}{more} {'is' if len(names) == 1 else 'are'} there"
