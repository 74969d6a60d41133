"""What a run remembers: the journal line by line, the snapshots as federations come to their end."""

from __future__ import annotations

import collections
import threading
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconcile.clock import Clock
from reconcile.planning.plan.plan import Action, Change, Unrecorded
from reconcile.problem import Problem
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Live, Value
from reconcile.state.journal.replay import Journals
from reconcile.state.snapshot.snapshot import Record, Snapshot

if TYPE_CHECKING:
    from reconcile.state.journal.journal import Journal
    from reconcile.state.stores.store import Store

#: A federation whose changes take long has its snapshot saved this often, in seconds of wall time.
_SAVE_EVERY = 20.0


class Recorder:
    """Keeps journal and snapshots in step; safe to call from many threads.

    An outcome is in the journal before it is in a snapshot, so a crash between the two loses nothing. ``journals``:
    what makes the journal count for the store's snapshots (see replay.py).
    """

    def __init__(
        self,
        journal: Journal,
        store: Store,
        snapshots: Mapping[str, Snapshot],
        clock: Clock,
        journals: type[Journals] = Journals,
    ) -> None:
        self._journal = journal
        self._store = store
        self._clock = clock
        self._journals = journals
        self._announced: set[str] = set()
        self._snapshots = {slug: journal.opens(snapshot) for slug, snapshot in snapshots.items()}
        self._unsaved: set[str] = set()
        self._saved_at: dict[str, float] = collections.defaultdict(time.monotonic)
        self._lock = threading.Lock()

    def begin(self, change: Change) -> None:
        """Say, durably, what is about to be written. Raises a STA problem when it cannot be said: then do not write."""
        self._announce(change.address.federation)
        self._journal.intent(change.address, change.action.name.lower(), (field.name for field in change.fields))

    def done(
        self, change: Change, live: Live | None, wanted: Mapping[str, Value], seconds: float, requests: Sequence[str]
    ) -> None:
        """The world agrees: journal it, and put it in the snapshot (``live`` None: it is no more).

        ``requests``: the ids the outside system gave to the writes.
        """
        record = None if live is None else self._record(change, live, wanted)
        verb = change.action.name.lower()
        self._journal.outcome(change.address, verb, "done", record, seconds=seconds, request_id=" ".join(requests))
        if change.moved_from:
            self._journal.outcome(change.moved_from, "move", "done", None)
        slug = change.address.federation
        with self._lock:
            snapshot = self._snapshots[slug]
            if change.moved_from:
                snapshot = snapshot.drop(change.moved_from)
            self._snapshots[slug] = snapshot.drop(change.address) if record is None else snapshot.put(record)
            self._unsaved.add(slug)
            if time.monotonic() - self._saved_at[slug] > _SAVE_EVERY:
                self._save(slug)

    def note(self, found: Unrecorded) -> None:
        """Put in the snapshot what is as YAML asks already; nothing is written in the world."""
        slug = found.live.address.federation
        with self._lock:
            snapshot = self._snapshots[slug]
            former = snapshot.records.get(found.moved_from or found.live.address)
            record = self._entry(found.live, found.wanted, former.created_by if former else "")
            if found.moved_from:
                snapshot = snapshot.drop(found.moved_from)
            self._snapshots[slug] = snapshot.put(record)
            self._unsaved.add(slug)

    def failed(self, change: Change, problem: Problem, seconds: float, requests: Sequence[str]) -> None:
        """The write did not happen, or could not be confirmed; the snapshot keeps what it had."""
        self._journal.outcome(
            change.address,
            change.action.name.lower(),
            "failed",
            error=problem,
            seconds=seconds,
            request_id=" ".join(requests),
        )

    def close(self, tally: Mapping[str, int]) -> None:
        """Save every snapshot that moved and end the journal."""
        with self._lock:
            for slug in sorted(self._unsaved):
                if not self._journal.waits(slug):
                    self._snapshots[slug] = self._journals.close(self._snapshots[slug])
                self._save(slug)
        self._journal.end(tally)

    def _announce(self, slug: str) -> None:
        with self._lock:
            if slug in self._announced:
                return
            opened = self._snapshots[slug]
            self._snapshots[slug] = self._journals.announce(opened, self._store)
            self._announced.add(slug)
            if self._snapshots[slug].serial != opened.serial:  # what it says of this run is to be taken back
                self._unsaved.add(slug)
            elif slug in self._unsaved:  # what was noted is in no journal, and what follows may stand on it
                self._save(slug)

    def _save(self, slug: str) -> None:
        self._snapshots[slug] = self._store.write(self._snapshots[slug])
        self._unsaved.discard(slug)
        self._saved_at[slug] = time.monotonic()

    def _record(self, change: Change, live: Live, wanted: Mapping[str, Value]) -> Record:
        with self._lock:
            records = self._snapshots[change.address.federation].records
            former = records.get(change.moved_from or change.address)
        created_by = self._journal.run if change.action is Action.CREATE else former.created_by if former else ""
        return self._entry(live, wanted, created_by)

    def _entry(self, live: Live, wanted: Mapping[str, Value], created_by: str) -> Record:
        declared = KINDS[live.address.kind].fields
        return Record(
            address=live.address,
            identity=live.identity,
            fields={name: value for name, value in wanted.items() if not declared[name].sensitive},
            created_by=created_by,
            applied_by=self._journal.run,
            applied_at=self._clock.now().isoformat(timespec="seconds"),
            outputs=live.outputs,
        )
