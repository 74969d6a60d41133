"""Where each federation stands on its way: its gates, then lock, creation, switch, passwords and copies. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
from collections.abc import Collection, Iterable, Mapping, Sequence

from reconcile.language.phrase import Phrase
from reconcile.planning.gates.gate import Gate
from reconcile.planning.letters import LetterStatus
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired

#: The steps, in the order of the day.
STEPS = ("lock", "create", "switch", "passwords", "copy")

_KINDS = {
    "lock": "lock",
    "mailbox": "create",
    "access": "create",
    "copy_access": "create",
    "mail_flow": "switch",
    "credentials": "passwords",
}


class State(enum.IntEnum):
    """How a federation is doing, the worst first."""

    ERROR = 0
    HELD = 1
    NOT_READY = 2
    UNDER_WAY = 3
    READY = 4
    WAITING = 5
    DONE = 6


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """How much of a step is done; ``total`` 0: there is nothing of it."""

    done: int = 0
    total: int = 0
    failed: int = 0

    @property
    def over(self) -> bool:
        return self.done >= self.total


@dataclasses.dataclass(frozen=True, slots=True)
class Copies:
    """The copies of one federation: so many are queued, over, and given up."""

    total: int = 0
    done: int = 0
    failed: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class FederationStatus:
    """One federation's row. ``trouble``: what went wrong, in words. ``gates``: those that do not hold, set aside or
    not. ``steps``: by the names of ``STEPS``."""

    federation: str
    name: str
    date: dt.date | None
    lock: dt.datetime
    state: State
    trouble: tuple[str, ...] = ()
    gates: tuple[Gate, ...] = ()
    steps: Mapping[str, Step] = dataclasses.field(default_factory=dict)
    #: Where its letters stand; none for whoever gets none.
    letters: tuple[LetterStatus, ...] = ()
    #: Its mailboxes that are there with all their old mail, of all its mailboxes.
    boxes: Step = Step()
    #: Messages that came to its old mailboxes after the switch, by sender's address ("" where they name nobody).
    late: Mapping[str, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Progress:
    """What is asked of one federation, and how far it is.

    ``recorded``: what is done. ``failures``: what failed when it was last tried, and why. ``handed``: who has had their
    first password. ``copied``: new mailboxes into which nothing is left to copy. ``unread``: what could not be read
    when it was last to be applied, in words.
    """

    desired: Sequence[Desired]
    recorded: Collection[Address]
    failures: Mapping[Address, str]
    copies: Copies
    handed: Collection[str] = ()
    copied: Collection[str] = ()
    unread: Sequence[str] = ()


def federation_status(
    name: str,
    date: dt.date | None,
    gates: Sequence[Gate],
    still: Sequence[Gate],
    progress: Progress,
    now: dt.datetime,
) -> FederationStatus:
    """The row of one federation.

    ``gates``: all of its gates (never empty); ``still``: those that do not hold and still matter.
    """
    copies = progress.copies
    steps = _steps(progress)
    lock, slug = gates[0].lock, gates[0].federation
    closed = [gate for gate in still if not gate.open]
    trouble = (*progress.unread, *progress.failures.values())
    if copies.failed:
        told = Phrase.counted(
            "{number} copy failed: reconcile copy status {slug}",
            "{number} copies failed: reconcile copy status {slug}",
            copies.failed,
            slug=slug,
        )
        trouble += (told,)
    begun = any(step.done for step in steps.values())
    if trouble:
        state = State.ERROR
    elif closed:
        state = State.HELD if now >= lock else State.NOT_READY
    elif all(step.over for step in steps.values()):
        state = State.DONE
    elif begun:
        state = State.UNDER_WAY
    else:
        state = State.READY if date is not None else State.WAITING
    boxes = _boxes(progress)
    return FederationStatus(slug, name, date, lock, state, trouble, tuple(still), steps, boxes=boxes)


def broken(slug: str, name: str, why: str) -> FederationStatus:
    """The row of a federation of which nothing can be told: its file is not valid, or its state damaged."""
    return FederationStatus(slug, name, None, dt.datetime.max.replace(tzinfo=dt.UTC), State.ERROR, (why,))


def ranked(rows: Iterable[FederationStatus]) -> list[FederationStatus]:
    """The rows as they are shown: what needs somebody first."""
    return sorted(rows, key=lambda one: (one.state, one.date or dt.date.max, one.federation))


def _boxes(progress: Progress) -> Step:
    boxes = [one.address for one in progress.desired if one.address.kind == "mailbox"]
    copies = [one for one in progress.desired if one.address.kind == "copy"]
    awaited = {one.fields.get("destination") for one in copies} - set(progress.copied)
    return Step(sum(box in progress.recorded and box.key not in awaited for box in boxes), len(boxes))


def _steps(progress: Progress) -> dict[str, Step]:
    handed, copies = frozenset(progress.handed), progress.copies
    counts = {step: [0, 0, 0] for step in STEPS}
    for resource in progress.desired:
        step = _step_of(resource.address)
        if step is None:
            continue
        if resource.address.kind == "credentials":
            people = resource.fields.get("people")
            theirs = frozenset(people if isinstance(people, tuple) else ())
            done, total = len(theirs & handed), len(theirs)
        else:
            done, total = int(resource.address in progress.recorded), 1
        counts[step][0] += done
        counts[step][1] += total
        counts[step][2] += resource.address in progress.failures
    counts["copy"][0] = min(copies.done, counts["copy"][1])
    counts["copy"][2] = copies.failed
    return {step: Step(*numbers) for step, numbers in counts.items()}


def _step_of(address: Address) -> str | None:
    if address.kind == "dns":
        return "switch" if address.key.endswith(("/MX", "/CNAME")) and "_domainkey" not in address.key else None
    return "copy" if address.kind == "copy" else _KINDS.get(address.kind)
