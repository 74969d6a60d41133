"""When each federation of a date will be locked, created, switched and copied, and what limits it. Pure arithmetic, no
world: from the files, the inventory's sizes and the services' published quotas."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping, Sequence

from reconcile.config.federation.federation import Federation
from reconcile.config.inventory.inventory import Inventory
from reconcile.config.settings.tables.copies import Copies
from reconcile.planning.batches.weights import USUAL_SIZE, old_boxes
from reconcile.problem import Problem
from reconcile.resources.milestones import Milestones


@dataclasses.dataclass(frozen=True, slots=True)
class Pace:
    """What the services allow. ``graph_writes`` a second: 3,000 in 150 s, of one application in one tenant (Microsoft
    Graph throttling limits, identity). ``provisioning``: seconds from a licence to a mailbox, 1 to 15 minutes.
    ``exchange``: seconds a shared mailbox and its rights take, so many at once. ``dns``: seconds a zone's switch takes.
    ``copied``: bytes a second all copies of the old hosts get through together.
    """

    graph_writes: float = 20.0
    provisioning: float = 180.0
    exchange: float = 3.0
    exchange_at_once: int = 8
    dns: float = 2.0
    copied: float = 10e6


@dataclasses.dataclass(frozen=True, slots=True)
class Expected:
    """One federation's moments, in UTC; ``limit``: what its end waits for."""

    federation: str
    mailboxes: int
    size: int
    locked: dt.datetime
    created: dt.datetime
    switched: dt.datetime
    copied: dt.datetime
    limit: str


#: Writes of a person's account: made, licensed, completed.
_WRITES = 3


def forecast(
    federations: Sequence[Federation],
    inventories: Mapping[str, Inventory | Problem],
    moments: Milestones,
    copies: Copies,
    pace: Pace,
) -> tuple[Expected, ...]:
    """The moments of each federation, in the order of their slugs. All are applied side by side, in that order."""
    writes, shared = 0, 0
    created: dict[str, dt.datetime] = {}
    for one in federations:
        boxes = one.file.mailboxes.values()
        people = sum(box.licence != "shared" for box in boxes)
        writes += _WRITES * people
        shared += len(boxes) - people
        by_graph = writes / pace.graph_writes + (pace.provisioning if people else 0.0)
        by_exchange = shared * pace.exchange / pace.exchange_at_once
        created[one.slug] = moments.cutover + dt.timedelta(seconds=by_graph + by_exchange)
    switched = {slug: moment + dt.timedelta(seconds=pace.dns) for slug, moment in created.items()}
    ends = _copied(federations, inventories, switched, copies, pace)
    return tuple(_expected(one, inventories, moments, created, switched, ends, pace) for one in federations)


def _copied(
    federations: Sequence[Federation],
    inventories: Mapping[str, Inventory | Problem],
    switched: Mapping[str, dt.datetime],
    copies: Copies,
    pace: Pace,
) -> dict[str, dt.datetime]:
    """The end of each federation's last copy: small mailboxes first, all of them at the pace of the old hosts."""
    ends = dict(switched)
    queue = sorted((size, one.slug) for one in federations for size in _sizes(one, inventories))
    passed = 0.0
    begin = min(switched.values(), default=None)
    if begin is None:
        return ends
    for place, (size, slug) in enumerate(queue):
        started = place / copies.starts_per_minute * 60 if copies.starts_per_minute else 0.0
        passed = max(passed, started) + size / pace.copied
        ends[slug] = max(ends[slug], begin + dt.timedelta(seconds=passed))
    return ends


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
    ends: Mapping[str, dt.datetime],
    pace: Pace,
) -> Expected:
    creating = (created[one.slug] - moments.cutover).total_seconds()
    copying = (ends[one.slug] - switched[one.slug]).total_seconds()
    if copying > creating:
        limit = f"the old hosts, which give {pace.copied / 1e6:g} MB/s"
    elif creating > 2 * pace.provisioning:
        limit = f"Microsoft Graph, which takes {pace.graph_writes:g} writes a second"
    else:
        limit = f"Exchange, which takes {pace.provisioning:g} s to make a mailbox"
    return Expected(
        one.slug,
        len(one.file.mailboxes),
        sum(_sizes(one, inventories)),
        moments.lock,
        created[one.slug],
        switched[one.slug],
        ends[one.slug],
        limit,
    )
