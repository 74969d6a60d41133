"""What each federation weighs on its date: its mailboxes, and the old mail that comes along."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from reconcile.config.federation.federation import Federation
from reconcile.config.federation.models import Mailbox
from reconcile.config.inventory.inventory import Inventory
from reconcile.config.settings.tables.batches import Batch
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

#: What an old mailbox that nobody measured is taken for, in bytes.
USUAL_SIZE = 2 * 10**9


@dataclasses.dataclass(frozen=True, slots=True)
class Weight:
    """``mailboxes``: new ones. ``size``: bytes of old mail to copy. ``guessed``: old mailboxes that no inventory
    measured, taken for the usual size."""

    mailboxes: int = 0
    size: int = 0
    guessed: int = 0

    def __add__(self, other: Weight) -> Weight:
        return Weight(self.mailboxes + other.mailboxes, self.size + other.size, self.guessed + other.guessed)


@dataclasses.dataclass(frozen=True, slots=True)
class Candidate:
    """One federation as the calendar sees it. ``date``: the one it has. ``kept``: that one is not to be reconsidered,
    and why; ""."""

    slug: str
    name: str
    weight: Weight
    wishes: tuple[dt.date, ...] = ()
    date: dt.date | None = None
    kept: str = ""


def weigh(federation: Federation, inventory: Inventory | Problem | None) -> Weight:
    """The weight of one federation."""
    size = guessed = 0
    known = inventory if isinstance(inventory, Inventory) else None
    for address, mailbox in federation.file.mailboxes.items():
        for source in old_boxes(address, mailbox):
            measured = known.size([source]) if known else None
            guessed += measured is None
            size += USUAL_SIZE if measured is None else measured
    return Weight(len(federation.file.mailboxes), size, guessed)


def old_boxes(address: str, mailbox: Mailbox) -> list[str]:
    """The old mailboxes whose mail goes into this one."""
    own = [] if mailbox.new else [mailbox.was or address]
    return own + [alias.address for alias in mailbox.aliases if alias.legacy_mail == "merge"]


def candidates(
    federations: Iterable[Federation],
    inventories: Mapping[str, Inventory | Problem],
    *,
    today: dt.date,
    anew: bool = False,
) -> tuple[Candidate, ...]:
    """Every federation, in the order of their slugs. ``anew``: dates given and not confirmed are reconsidered."""
    found = []
    for federation in sorted(federations, key=lambda one: one.slug):
        migration = federation.file.migration
        kept = ""
        if migration.date is not None:
            if migration.date <= today:
                kept = Phrase("it has migrated, or was to")
            elif migration.confirmed is not None:
                kept = Phrase("confirmed on {date}", date=migration.confirmed)
            elif not anew:
                kept = Phrase("its file says so")
        weight = weigh(federation, inventories.get(federation.slug))
        found.append(Candidate(federation.slug, federation.file.name, weight, migration.dates, migration.date, kept))
    return tuple(found)


def loads(candidates: Iterable[Candidate], batches: Sequence[Batch]) -> dict[dt.date, list[Candidate]]:
    """The federations of each batch by the dates they have, the batches in order."""
    result: dict[dt.date, list[Candidate]] = {batch.date: [] for batch in batches}
    for one in candidates:
        if one.date in result:
            result[one.date].append(one)
    return result


def total(ones: Iterable[Candidate]) -> Weight:
    """What they weigh together."""
    return sum((one.weight for one in ones), Weight())
