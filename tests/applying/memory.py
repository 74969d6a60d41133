"""A world in memory for the engine's own tests: what the providers' contract says, and faults on demand."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import itertools
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from reconcile.applying.apply import Ground, apply_plan
from reconcile.applying.events import Event
from reconcile.applying.outcome import Run
from reconcile.planning.guards.boundary import Boundary
from reconcile.planning.inputs import Inputs
from reconcile.planning.plan.plan import Plan
from reconcile.planning.planner import make_plan
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Observation, Observed, Order, Provider, Scope, Wanted
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live
from reconcile.state.journal.journal import Journal
from reconcile.state.journal.replay import Journals
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.folder import FolderStore
from reconcile.state.stores.store import Holder

NOW = dt.datetime(2025, 1, 19, 17, 0, tzinfo=dt.UTC)


class StoppedClock:
    """A clock that stands still unless slept on."""

    def __init__(self) -> None:
        self._now = NOW

    def now(self) -> dt.datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += dt.timedelta(seconds=seconds)


class Killed(BaseException):
    """The process died here, as far as the test is concerned."""


@dataclasses.dataclass
class World:
    """Objects by address. ``before_write`` and ``after_write`` may raise: a refusal, or a death."""

    objects: dict[Address, Live] = dataclasses.field(default_factory=dict)
    created: collections.Counter[Address] = dataclasses.field(default_factory=collections.Counter)
    writes: list[str] = dataclasses.field(default_factory=list)
    before_write: Callable[[Order], None] = lambda order: None
    after_write: Callable[[Order], None] = lambda order: None
    under_way: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    most: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    numbers: Iterator[int] = dataclasses.field(default_factory=itertools.count)
    lock: threading.RLock = dataclasses.field(default_factory=threading.RLock)

    def observe(self, scope: Scope) -> Observation:
        return Observation({wanted.address: self._seen(wanted) for wanted in scope.wanted})

    def _seen(self, wanted: Wanted) -> Observed:
        """What bears the recorded identity, wherever its address went, else what is at the address."""
        known = self._holder(wanted.address.kind, wanted.identity) or self.objects.get(wanted.address)
        if known is None:
            return ABSENT
        shown = {**known.fields, "primary": known.address.key} if wanted.address.kind == "mailbox" else known.fields
        return dataclasses.replace(known, address=wanted.address, fields=shown)

    def _holder(self, kind: str, identity: str) -> Live | None:
        if not identity:
            return None
        of_kind = (live for address, live in self.objects.items() if address.kind == kind)
        return next((live for live in of_kind if live.identity == identity), None)

    def create(self, order: Order) -> Live:
        return self._write("create", order)

    def update(self, order: Order) -> Live:
        return self._write("update", order)

    def delete(self, order: Order) -> None:
        with self.lock:
            self.before_write(order)
            known = self._holder(order.address.kind, order.before.identity if order.before else "")
            self.objects.pop(known.address if known else order.address, None)
            self.writes.append(f"delete {order.address}")

    def _write(self, verb: str, order: Order) -> Live:
        kind = order.address.kind
        with self.lock:
            self.under_way[kind] += 1
            self.most[kind] = max(self.most[kind], self.under_way[kind])
        try:
            self.before_write(order)
            with self.lock:
                had = self._holder(kind, order.before.identity if order.before else "")
                had = had or self.objects.get(order.address)
                if had is None:
                    self.created[order.address] += 1
                else:
                    del self.objects[had.address]
                fields = {**(had.fields if had else {}), **order.fields}
                identity = had.identity if had else f"id-{next(self.numbers)}"
                live = Live(order.address, fields, identity, outputs={"mx": (f"0 {order.address.key}.",)})
                self.objects[order.address] = live
                self.writes.append(f"{verb} {order.address}")
            self.after_write(order)
            return live
        finally:
            with self.lock:
                self.under_way[kind] -= 1


@dataclasses.dataclass
class Site:
    """One place to plan and apply from: a world, a state folder, a clock."""

    folder: Path
    world: World
    clock: StoppedClock = dataclasses.field(default_factory=StoppedClock)
    runs: int = 0
    journals: type[Journals] = Journals

    def plan(self, desired: list[Desired]) -> Plan:
        slugs = {"spf55", *(resource.address.federation for resource in desired)}
        snapshots, interrupted = {}, set()
        for slug in slugs:
            known = self.store.read(slug) or Snapshot(slug, "line")
            snapshots[slug], unsettled = self.journals.read(self.folder / "runs").replay(known)
            interrupted |= {intent.address for intent in unsettled if intent.action == "create"}
        self.snapshots = snapshots
        inputs = Inputs(desired, snapshots, interrupted, {}, {}, partial=False)
        readers = dict.fromkeys(("microsoft", "dns", "copies", "delivery"), self.world)
        return make_plan(inputs, readers, self.clock.now(), "test")

    def apply(self, plan: Plan, *, stop: threading.Event | None = None, events: list[Event] | None = None) -> Run:
        self.runs += 1
        run_id = f"run{self.runs:03d}"
        providers = {
            name: Provider(name, self.world, self.world, {"mailbox": 2}) for name in ("microsoft", "dns", "copies")
        }
        boundary = Boundary({"spf55.org", "spf88.org"}, {"direction@spf55.org"})
        stop = stop or threading.Event()
        ground = Ground(providers, self.store, self.snapshots, boundary, self.clock, stop, self.journals)
        with Journal.create(self.folder / "runs", run_id, {}, self.clock) as journal:
            holder = Holder(run_id, "test", "here", 1, "")
            return apply_plan(plan, ground, journal, holder, (events if events is not None else []).append)

    @property
    def store(self) -> FolderStore:
        return FolderStore(self.folder)


def mailbox(name: str, **fields: object) -> Desired:
    """A personal mailbox as YAML would ask it; ``after`` names prerequisites."""
    after = tuple(Address.parse(text) for text in fields.pop("after", ()))  # type: ignore[union-attr]
    due = fields.pop("due", None)
    domain = name.rpartition("@")[2]
    slug = domain.partition(".")[0]
    return Desired(Address(slug, "mailbox", name), {"licence": "E1", **fields}, after, due)  # type: ignore[arg-type]


def refuse(*keys: str) -> Callable[[Order], None]:
    """A world that refuses to write these."""

    def check(order: Order) -> None:
        if order.address.key in keys:
            raise Problem("TST01", f"{order.address.key} is refused.", "ask the test")

    return check
