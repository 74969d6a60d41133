"""What the journals know and the snapshot does not: outcomes a crash kept out, and intents nobody saw the end of.

A run's *session* on a federation goes from its opening of the snapshot to the end of its journal. Sessions on one
federation never overlap (the lock), and each begins by replaying the one before. So a session's outcomes can only be
missing from a snapshot that is still the one it opened (same serial) or that it saved itself on the way (``run``),
and never once the run has closed its account, for it saves first.
Putting them in again where they already are changes nothing. Whoever changes a snapshot replays it first.

Where the state is kept elsewhere, a journal on this disk is anybody's file until that state names its run: see Vouched.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from reconcile.language.phrase import Phrase
from reconcile.resources.address import Address
from reconcile.state.journal.journals import Intent, Outcome, Session, sessions
from reconcile.state.snapshot.snapshot import Snapshot
from reconcile.state.stores.store import Store, check_swap, overtaken


class Journals:
    """The journals of a state folder as they were when read; ask them about as many federations as there are."""

    def __init__(self, by_federation: dict[str, list[Session]]) -> None:
        """Use ``read``."""
        self._sessions = by_federation

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises Problem STA02 when a journal is damaged elsewhere than in its unfinished last line, STA06 when one
        cannot be read.
        """
        return cls(dict(sessions(folder)))

    def federations(self) -> list[str]:
        """The slugs some run has taken in hand, sorted."""
        return sorted(self._sessions)

    def replay(self, snapshot: Snapshot) -> tuple[Snapshot, tuple[Intent, ...]]:
        """The snapshot with every confirmed outcome in it, and the intents that remain unsettled.

        A snapshot that was never written (serial 0) is rebuilt from all the journals there are. Hold the lock, or
        check again once it is held. Raises Problem STA02.
        """
        records = dict(snapshot.records)
        told = self._believed(snapshot)
        for session in told:
            for step in session.steps() if _may_be_missing(session, snapshot) else ():
                if isinstance(step, Outcome) and step.record is not None:
                    records[step.address] = step.record
                elif isinstance(step, Outcome) and step.done:
                    records.pop(step.address, None)
        # No run's name on it any more: should it be written before it is opened, older runs must not be put in again.
        replayed = dataclasses.replace(snapshot, records=records, run="")
        return replayed, tuple(_without_outcome(told))

    def _believed(self, snapshot: Snapshot) -> Sequence[Session]:
        """The sessions that count for this snapshot: beside the state, all of them."""
        return self._sessions.get(snapshot.federation, ())

    def unsettled(self, federation: str) -> list[Intent]:
        """Intents on this federation that have no outcome, in their own run or a later one. An outcome settles them."""
        return _without_outcome(self._sessions.get(federation, ()))

    def lineages(self, federation: str) -> frozenset[str]:
        """The lineages of every snapshot of this federation that a run opened."""
        return frozenset(session.lineage for session in self._sessions.get(federation, ()))

    def check_current(self, planned: Snapshot, stored: Snapshot | None) -> None:
        """Raise Problem STA04 unless ``planned``, replayed before the lock was held, is still all there is to know.

        A run may have begun and died since: its outcomes are in its journal, and the stored serial has not moved.
        """
        check_swap(stored, planned)
        now, _ = self.replay(stored or Snapshot(planned.federation, ""))
        if now.records != planned.records:
            raise overtaken(planned, Phrase("the same serial, with the journal of a run that died since"))

    @staticmethod
    def announce(snapshot: Snapshot, store: Store) -> Snapshot:  # noqa: ARG004 -- beside it, all journals count
        """Before a run's first intent on a federation: the snapshot to go on with. Raises what a store raises."""
        return snapshot

    @staticmethod
    def close(snapshot: Snapshot) -> Snapshot:
        """The snapshot to save last, every intent on it being settled."""
        return snapshot


class Vouched(Journals):
    """Journals on this disk of a state that is kept elsewhere: only the run that the stored snapshot names counts.

    A run writes its name there before its first intent, and takes it away when it has saved all; so a file laid among
    the journals by somebody who cannot write the state is nobody's run.
    """

    def federations(self) -> list[str]:
        """None: a federation that some run took in hand is in the state."""
        return []

    def lineages(self, federation: str) -> frozenset[str]:
        """None: the state names its own."""
        return frozenset()

    def _believed(self, snapshot: Snapshot) -> Sequence[Session]:
        named = (snapshot.run, snapshot.lineage)
        return [one for one in super()._believed(snapshot) if snapshot.run and (one.run, one.lineage) == named]

    @staticmethod
    def announce(snapshot: Snapshot, store: Store) -> Snapshot:
        return store.write(snapshot)

    @staticmethod
    def close(snapshot: Snapshot) -> Snapshot:
        return dataclasses.replace(snapshot, run="")


def replay(snapshot: Snapshot, folder: Path) -> tuple[Snapshot, tuple[Intent, ...]]:
    """``Journals.replay``, for one federation."""
    return Journals.read(folder).replay(snapshot)


def _may_be_missing(session: Session, snapshot: Snapshot) -> bool:
    if snapshot.serial == 0:
        return True
    if session.ended:
        return False
    same_line = session.lineage == snapshot.lineage
    return same_line and (session.run == snapshot.run or session.serial == snapshot.serial)


def _without_outcome(sessions: Sequence[Session]) -> list[Intent]:
    waiting: dict[Address, Intent] = {}
    for session in itertools.dropwhile(lambda one: one.settled, sessions):
        for step in session.steps():
            if isinstance(step, Intent):
                waiting[step.address] = step
            else:
                waiting.pop(step.address, None)
    return list(waiting.values())
