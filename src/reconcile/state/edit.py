"""Edit a federation's record by hand: under its lock, through the journal, the former snapshot kept aside.

Nothing here touches the world; the next plan says what the edited record makes of it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from pathlib import Path

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.resources.address import Address
from reconcile.state.durable import keep_private
from reconcile.state.journal.journal import Journal
from reconcile.state.journal.replay import Journals
from reconcile.state.snapshot.encoding import PLAIN, Encoding
from reconcile.state.snapshot.snapshot import Record, Snapshot
from reconcile.state.stores.store import STALE_OR_LOCKED, Holder, Store

#: One edit, pure: from the snapshot as it is to the snapshot as it should be.
Edit = Callable[[Snapshot], Snapshot]


@dataclasses.dataclass(frozen=True, slots=True)
class EditContext:
    """What an edit needs. ``folder`` holds the journals (``runs``) and the former snapshots (``backups``).

    ``holder.run`` names the edit in the journal; ``lineage`` is for a state that begins here; ``encoding`` is that of
    the former snapshots; ``journals`` says which of them count.
    """

    store: Store
    folder: Path
    holder: Holder
    clock: Clock
    lineage: str
    encoding: Encoding = PLAIN
    journals: type[Journals] = Journals


def edit(federation: str, change: Edit, context: EditContext) -> Snapshot:
    """The edited snapshot, written. Raises what ``change`` raises, STA04, STA05, and what a store raises."""
    with context.store.lock(federation, context.holder):
        stored = context.store.read(federation) or Snapshot(federation, context.lineage)
        before, _ = context.journals.read(context.folder / "runs").replay(stored)
        after = change(before)
        header = {"who": context.holder.who, "host": context.holder.host, "operation": context.holder.operation}
        with Journal.create(context.folder / "runs", context.holder.run, header, context.clock) as journal:
            if stored.serial:
                _keep_aside(stored, context)
            opened = journal.opens(before)
            changed = sorted(_changed(before, after))
            for address in changed:
                journal.outcome(address, context.holder.operation, "done", after.records.get(address))
            written = context.store.write(context.journals.close(dataclasses.replace(opened, records=after.records)))
            journal.end({"done": len(changed)})
    return written


def move(snapshot: Snapshot, former: Address, new: Address) -> Snapshot:
    """The record of ``former`` under another key. Raises STA12 when that cannot be."""
    if (former.federation, former.kind) != (new.federation, new.kind):
        raise Problem(
            "STA12", Phrase("{former} cannot become {new}: federation and kind stay the same.", former=former, new=new)
        )
    if new in snapshot.records:
        raise Problem(
            "STA12",
            Phrase("{new} is recorded already.", new=new),
            Phrase("forget it first: reconcile state rm {new}", new=new),
        )
    record = _known(snapshot, former)
    return snapshot.drop(former).put(dataclasses.replace(record, address=new))


def forget(snapshot: Snapshot, addresses: Collection[Address]) -> Snapshot:
    """The snapshot without these records. Raises STA12 when one is not there."""
    for address in addresses:
        _known(snapshot, address)
        snapshot = snapshot.drop(address)
    return snapshot


def take_over(snapshot: Snapshot, offered: Snapshot, *, force: bool = False) -> Snapshot:
    """The records of ``offered``, a snapshot pulled earlier. Raises STA04 unless it was pulled from this one.

    ``force`` takes it whatever was written since; an empty state takes anything.
    """
    if offered.federation != snapshot.federation:
        raise Problem(
            "STA12",
            Phrase(
                "The file holds the state of {federation}, not of {snapshot_federation}.",
                federation=offered.federation,
                snapshot_federation=snapshot.federation,
            ),
        )
    same = (offered.lineage, offered.serial) == (snapshot.lineage, snapshot.serial)
    if snapshot.serial and not (same or force):
        raise Problem(
            "STA04",
            Phrase(
                "The file was pulled at serial {serial}, and the state of {federation} is at {snapshot_serial} now "
                "(lineages {lineage} and {lineage2}).",
                serial=offered.serial,
                federation=snapshot.federation,
                snapshot_serial=snapshot.serial,
                lineage=offered.lineage[:8],
                lineage2=snapshot.lineage[:8],
            ),
            "pull again and edit that; --force loses what was written since",
            STALE_OR_LOCKED,
        )
    lineage = snapshot.lineage if snapshot.serial else offered.lineage
    return dataclasses.replace(snapshot, lineage=lineage, records=offered.records)


def _known(snapshot: Snapshot, address: Address) -> Record:
    if address not in snapshot.records:
        raise Problem(
            "STA12",
            Phrase("{address} is not in the state.", address=address),
            Phrase("see: reconcile state list {federation}", federation=snapshot.federation),
        )
    return snapshot.records[address]


def _changed(before: Snapshot, after: Snapshot) -> set[Address]:
    either = {*before.records, *after.records}
    return {address for address in either if before.records.get(address) != after.records.get(address)}


def _keep_aside(snapshot: Snapshot, context: EditContext) -> None:
    path = context.folder / "backups" / f"{snapshot.federation}.{snapshot.serial}.json"
    keep_private(path, context.encoding.encode(snapshot))
