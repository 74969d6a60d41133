"""Mail copies as resources: what is queued, whatever its progress. The copying itself is the workers' affair."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observation, Observed, Order, Provider, Scope, Unknown
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value

#: The fields that say which copy it is.
_ENDS = ("source", "login", "destination", "folder", "public_folder")


class QueuedCopy(Protocol):
    """One copy job, as the queue lists it. ``key`` is the resource's address, as text."""

    @property
    def key(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def login(self) -> str: ...
    @property
    def destination(self) -> str: ...
    @property
    def folder(self) -> str: ...
    @property
    def public_folder(self) -> str: ...
    @property
    def state(self) -> str: ...


class CopyQueue(Protocol):
    """The durable list of copy jobs. ``enqueue`` and ``cancel`` change nothing when called again."""

    def enqueue(
        self, key: str, source: str, login: str, destination: str, folder: str, public_folder: str = ""
    ) -> None: ...

    def cancel(self, key: str) -> None: ...

    def hold(self, keys: Collection[str]) -> int: ...

    def resume(self, keys: Collection[str]) -> int: ...

    def list(self) -> Sequence[QueuedCopy]: ...


def copies_provider(queue: CopyQueue) -> Provider:
    """The provider of the kinds ``copy`` and ``copy_back``."""
    return Provider("copies", CopiesReader(queue), CopiesWriter(queue))


class CopiesReader:
    """A copy exists once it is queued and not cancelled, done or not."""

    def __init__(self, queue: CopyQueue) -> None:
        self._queue = queue

    def observe(self, scope: Scope) -> Observation:
        observed: dict[Address, Observed]
        try:
            jobs = {job.key: job for job in self._queue.list()}
        except Problem as problem:
            observed = {wanted.address: Unknown(problem.message) for wanted in scope.wanted}
        else:
            observed = {wanted.address: _observed(wanted.address, jobs) for wanted in scope.wanted}
        return Observation(observed)


class CopiesWriter:
    """Queues and cancels; a copy is held as long as its mail goes back. Raises ``Problem`` COPY07 for a change to a
    copy that is running, RBK02 for a way back whose last pass has not ended well."""

    def __init__(self, queue: CopyQueue) -> None:
        self._queue = queue

    def create(self, order: Order) -> Live:
        text = {name: str(order.fields.get(name) or "") for name in _ENDS}
        if order.address.kind == "copy_back":
            self._queue.hold([_forth(order.address)])
        self._queue.enqueue(str(order.address), **text)
        return self._seen(order.address)

    def update(self, order: Order) -> Live:
        if self._state(order.address) == "running":
            raise Problem(
                "COPY07",
                Phrase("{address} is being copied right now and cannot change.", address=order.address),
                "let it end, or stop the worker, then apply again",
            )
        self._queue.cancel(str(order.address))
        return self.create(order)

    def delete(self, order: Order) -> None:
        if order.address.kind == "copy_back":
            self._refuse_half_a_way(order.address)
            # First, so that a death in between is seen: the way back is still listed, and taken off again.
            self._queue.resume([_forth(order.address)])
        self._queue.cancel(str(order.address))

    def _refuse_half_a_way(self, address: Address) -> None:
        """What a pass that was cut off had brought back would be copied forth again, for nobody has noted it."""
        state = self._state(address)
        if state not in ("done", "partial", "cancelled", ""):
            raise Problem(
                "RBK02",
                Phrase(
                    "{address} is {state}: what it has brought back is not all noted, and would be copied a "
                    "second time.",
                    address=address,
                    state=state,
                ),
                "reconcile copy work until it is done, then apply again",
            )

    def _state(self, address: Address) -> str:
        return next((job.state for job in self._queue.list() if job.key == str(address)), "")

    def _seen(self, address: Address) -> Live:
        shown = _observed(address, {job.key: job for job in self._queue.list()})
        if not isinstance(shown, Live):
            raise Problem(
                "COPY08",
                Phrase("{address} was queued but is not in the list of copies.", address=address),
                "apply again",
            )
        return shown


def _observed(address: Address, jobs: Mapping[str, QueuedCopy]) -> Observed:
    job = jobs.get(str(address))
    if job is None or job.state == "cancelled":
        return ABSENT
    fields: dict[str, Value] = {
        "source": job.source,
        "login": job.login,
        "destination": job.destination,
        "folder": job.folder,
        "public_folder": job.public_folder,
    }
    if address.kind == "copy_back":
        del fields["folder"]
    return Live(address, fields, context={"state": job.state})


def _forth(address: Address) -> str:
    """The copy that a way back goes back on."""
    return str(address._replace(kind="copy"))
