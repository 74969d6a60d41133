"""The contract of a provider: a Reader that cannot write, a Writer that reads back, and declared limits."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import enum
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from reconcile.clock import Clock
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Reference, Value
from reconcile.steps import Steps, at_once, in_one_go


@dataclasses.dataclass(frozen=True, slots=True)
class Absent:
    """The outside system was read completely and does not hold the resource.

    ``note``: what a creation would find there, in a few words for the plan.
    """

    note: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Unknown:
    """The read failed or was cut short. Unknown never becomes a creation or a deletion: it blocks.

    ``reason`` is a sentence for the postmaster.
    """

    reason: str


Observed = Live | Absent | Unknown
ABSENT = Absent()


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """One resource a reader is asked about, with what it needs to find it.

    ``desired`` is None for what only the state remembers. ``identity`` is the recorded immutable id, "" if none.
    """

    address: Address
    desired: Desired | None
    identity: str = ""
    recorded: Mapping[str, Value] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Scope:
    """What to observe: the resources of this provider, and the declared domains of the federations concerned.

    ``domains`` maps a mail domain to its federation's slug; ``declared`` counts those of all federations, 0 when it is
    not known. ``resolve`` gives the value another provider has read, None when it is not known; it waits until that
    provider has been read. ``whole``: everything of these federations is asked about, so that what else is met in their
    domains is nobody's.
    """

    wanted: Sequence[Wanted]
    domains: Mapping[str, str]
    resolve: Callable[[Reference], Value] = lambda _reference: None
    declared: int = 0
    whole: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class Seats:
    """The seats of licences that can still be given.

    ``free``: licence → subscription → seats, below nothing when more are used than were bought. A licence no
    subscription stands for is there, and empty. ``held``: mailbox → the subscriptions it has a seat of.
    """

    free: Mapping[str, Mapping[str, int]]
    held: Mapping[Address, tuple[str, ...]]


class Weight(enum.Enum):
    """What a finding means for the switch."""

    FINE = "fine"
    WARNS = "warns"
    BLOCKS = "blocks"


#: The check whose findings are settings of the tenant that would refuse mail: a gate reads them.
SETTINGS_CHECK = "settings"


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about one domain, from the check of that stable name. ``federation``: whose domain it is."""

    domain: str
    check: str
    weight: Weight
    sentence: str
    federation: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Observation:
    """What a provider saw: one answer per wanted address, and what it met in the declared domains unasked.

    ``unmanaged`` are keys (mail addresses…) inside the declared domains that nobody declares: counted, never touched.
    ``seats``: None when the provider gives none, or they could not be read. ``findings``: what the postmaster should
    know of a domain beside all that.
    """

    observed: Mapping[Address, Observed]
    unmanaged: Sequence[Address] = ()
    seats: Seats | None = None
    findings: Sequence[Finding] = ()


class Reader(Protocol):
    """Bulk reads. Raises nothing for a failed read: it answers Unknown with the reason."""

    def observe(self, scope: Scope) -> Observation: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Order:
    """One write, ready to carry out: references resolved, the observed state at hand.

    ``before``: what the plan saw (None: absent). ``fields``: the whole desired resource (empty for a delete).
    ``changed``: the names of the fields that differ. What is created is stamped with the address's federation.
    ``outside``: of the addresses an object is seen to have just before the write, why it may not be written; "" when it
    may. What a plan or a state says of it is not asked.
    """

    address: Address
    before: Live | None
    fields: Mapping[str, Value]
    changed: frozenset[str]
    outside: Callable[[Collection[str]], str] = dataclasses.field(default=lambda _: "", compare=False)


class Writer(Protocol):
    """Idempotent writes. Each checks that the live object is still what the plan saw, writes the least, reads back
    until the world agrees and answers what it then sees. A lost answer is settled by reading, never by writing again
    blindly. Raises ``Problem`` with a stable code when the write could not be carried out or confirmed.
    """

    def create(self, order: Order) -> Live: ...

    def update(self, order: Order) -> Live: ...

    def delete(self, order: Order) -> None: ...


class StepWriter(Protocol):
    """The same writes in steps, for whoever has many under way at once: what waits for the outside system holds no
    thread meanwhile. Each step may be carried out by another thread than the one before."""

    def create(self, order: Order) -> Steps[Live]: ...

    def update(self, order: Order) -> Steps[Live]: ...

    def delete(self, order: Order) -> Steps[None]: ...


@dataclasses.dataclass(frozen=True, slots=True)
class AtOnce:
    """A writer whose waits hold its thread, as steps: one each."""

    writer: Writer

    def create(self, order: Order) -> Steps[Live]:
        return at_once(lambda: self.writer.create(order))

    def update(self, order: Order) -> Steps[Live]:
        return at_once(lambda: self.writer.update(order))

    def delete(self, order: Order) -> Steps[None]:
        return at_once(lambda: self.writer.delete(order))


@dataclasses.dataclass(frozen=True, slots=True)
class InOneGo:
    """A writer in steps, for a thread that does nothing else meanwhile."""

    writer: StepWriter
    clock: Clock

    def create(self, order: Order) -> Live:
        return in_one_go(self.writer.create(order), self.clock)

    def update(self, order: Order) -> Live:
        return in_one_go(self.writer.update(order), self.clock)

    def delete(self, order: Order) -> None:
        in_one_go(self.writer.delete(order), self.clock)


@contextlib.contextmanager
def _not_followed(_: list[str]) -> Iterator[None]:
    yield


@dataclasses.dataclass(frozen=True, slots=True)
class Provider:
    """One outside system. ``parallel`` bounds concurrent writes per kind; kinds not named get ``default_parallel``.

    ``throttled`` counts how often the system has asked us to slow down so far. ``following`` adds to a list the ids the
    system gives to the writes that the calling thread asks for meanwhile, for whoever must ask its support.
    ``patient``: the writer in steps; None when it has none of its own.
    """

    name: str
    reader: Reader
    writer: Writer
    parallel: Mapping[str, int] = dataclasses.field(default_factory=dict)
    default_parallel: int = 4
    throttled: Callable[[], int] = lambda: 0
    following: Callable[[list[str]], AbstractContextManager[None]] = _not_followed
    #: How far this machine's clock is ahead of the system's; None when it does not tell.
    ahead: Callable[[], dt.timedelta | None] = lambda: None
    patient: StepWriter | None = None

    @property
    def in_steps(self) -> StepWriter:
        return self.patient or AtOnce(self.writer)
