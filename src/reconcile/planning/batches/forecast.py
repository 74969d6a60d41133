"""When each federation of a date will be locked, created, switched and copied, and what limits it. Pure arithmetic, no
world: from the files, the inventory's sizes and the services' published quotas."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Mapping, Sequence

from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory
from reconcile.config.settings.tables.copies import Copies
from reconcile.language.figures import shortest
from reconcile.language.phrase import Phrase
from reconcile.planning.batches.copying import Rates, ends
from reconcile.planning.batches.weights import USUAL_SIZE, old_boxes
from reconcile.problem import Problem
from reconcile.resources.milestones import Milestones


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """What the services allow, as published or as measured on tenants.

    ``graph_writes`` a second beyond the first ``graph_burst``: 3,000 in 150 s, of one application in one tenant
    (Microsoft Graph throttling limits, identity). ``provisioning``: seconds from a licence to a mailbox, 1 to 15
    minutes as a rule. ``look``: seconds between two looks at whether it is there. ``completed``: seconds until both
    stores of the tenant show twice what was written to it. ``exchange``: seconds a shared mailbox and its rights
    take, so many at once. ``dns``: seconds a zone's switch takes. ``preparation``: seconds a domain takes to be
    verified, accepted by Exchange and signed, where nobody did that before. ``copied``: bytes a second all copies of
    the old hosts get through together. ``into_one``: bytes a second into one new mailbox, some 300 MB an hour.
    """

    graph_writes: float = 20.0
    graph_burst: int = 3000
    provisioning: float = 420.0
    look: float = 30.0
    completed: float = 60.0
    exchange: float = 3.0
    exchange_at_once: int = 8
    dns: float = 2.0
    preparation: float = 240.0
    copied: float = 10e6
    into_one: float = 300e6 / 3600


@dataclasses.dataclass(frozen=True, slots=True)
class Expected:
    """One federation's moments, in UTC; ``seen``: no cache sends mail to the old host any more, where the TTL was
    lowered in time. ``limit``: what its end waits for."""

    federation: str
    mailboxes: int
    size: int
    locked: dt.datetime
    created: dt.datetime
    switched: dt.datetime
    seen: dt.datetime
    copied: dt.datetime
    limit: str


#: Writes of a person's account: made, licensed, completed.
_WRITES = 3
#: Seconds of a lowered TTL.
_SHORT_TTL = 300


def forecast(
    federations: Sequence[Federation],
    inventories: Mapping[str, Inventory | Problem],
    moments: Milestones,
    copies: Copies,
    pace: Pace,
    *,
    begun: dt.datetime | None = None,
    unprepared: Collection[str] = (),
) -> tuple[Expected, ...]:
    """The moments of each federation, in the order of their slugs. All are applied side by side, in that order.

    ``begun``: when the work of the day begins; None for the lock. ``unprepared``: the federations whose domains are
    still to be verified then.
    """
    begun = begun or moments.lock
    writes, shared = 0, 0
    created: dict[str, dt.datetime] = {}
    for one in federations:
        boxes = one.file.mailboxes.values()
        people = sum(box.licence != "shared" for box in boxes)
        writes += _WRITES * people
        shared += len(boxes) - people
        by_graph = max(0, writes - pace.graph_burst) / pace.graph_writes
        by_exchange = shared * pace.exchange / pace.exchange_at_once
        by_mailbox = (pace.provisioning + pace.look / 2 if people else 0.0) + pace.completed
        ready = begun + dt.timedelta(seconds=pace.preparation if one.slug in unprepared else 0.0)
        created[one.slug] = max(moments.cutover, ready) + dt.timedelta(seconds=by_graph + by_exchange + by_mailbox)
    switched = {slug: moment + dt.timedelta(seconds=pace.dns) for slug, moment in created.items()}
    copied = _copied(federations, inventories, switched, copies, pace)
    return tuple(_expected(one, inventories, moments, created, switched, copied, pace) for one in federations)


def _copied(
    federations: Sequence[Federation],
    inventories: Mapping[str, Inventory | Problem],
    switched: Mapping[str, dt.datetime],
    copies: Copies,
    pace: Pace,
) -> dict[str, dt.datetime]:
    """The end of each federation's last copy."""
    begin = min(switched.values(), default=None)
    if begin is None:
        return {}
    gap = 60 / copies.starts_per_minute if copies.starts_per_minute else 0.0
    rates = Rates(pace.copied, pace.into_one, copies.mailboxes, gap)
    ready = {slug: (moment - begin).total_seconds() for slug, moment in switched.items()}
    found = dict(switched)
    for slug, end in ends(
        ((ready[one.slug], size, one.slug) for one in federations for size in _sizes(one, inventories)), rates
    ):
        found[slug] = max(found[slug], begin + dt.timedelta(seconds=end))
    return found


def _sizes(federation: Federation, inventories: Mapping[str, Inventory | Problem]) -> list[int]:
    found = inventories.get(federation.slug)
    known = found if isinstance(found, Inventory) else None
    sizes = []
    for address, mailbox in federation.file.mailboxes.items():
        for source in old_boxes(address, mailbox):
            measured = known.size([source]) if known else None
            sizes.append(USUAL_SIZE if measured is None else measured)
    return sizes


def _expected(
    one: Federation,
    inventories: Mapping[str, Inventory | Problem],
    moments: Milestones,
    created: Mapping[str, dt.datetime],
    switched: Mapping[str, dt.datetime],
    copied: Mapping[str, dt.datetime],
    pace: Pace,
) -> Expected:
    sizes = _sizes(one, inventories)
    creating = (created[one.slug] - moments.cutover).total_seconds()
    copying = (copied[one.slug] - switched[one.slug]).total_seconds()
    alone = max(sizes, default=0) / pace.into_one
    if copying > creating and copying <= alone * 1.1:
        limit = Phrase(
            "Exchange, which takes {pace} MB an hour into one mailbox", pace=shortest(pace.into_one * 3600 / 1e6)
        )
    elif copying > creating:
        limit = Phrase("the old hosts, which give {pace} MB/s", pace=shortest(pace.copied / 1e6))
    elif creating > 2 * (pace.provisioning + pace.completed):
        limit = Phrase("Microsoft Graph, which takes {pace} writes a second", pace=shortest(pace.graph_writes))
    else:
        limit = Phrase("Exchange, which takes {pace} s to make a mailbox", pace=shortest(pace.provisioning))
    return Expected(
        one.slug,
        len(one.file.mailboxes),
        sum(sizes),
        moments.lock,
        created[one.slug],
        switched[one.slug],
        switched[one.slug] + dt.timedelta(seconds=_SHORT_TTL),
        copied[one.slug],
        limit,
    )
