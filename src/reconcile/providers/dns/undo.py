"""Our writes taken back: the same compare-and-swap with its sides exchanged."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import dns.rdata
import dns.rdataset
from dns.rdatatype import RdataType

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.desired.rrset import RrsetChange, shown
from reconcile.providers.dns.journal import Entry, RecordJournal
from reconcile.providers.dns.primary.compare_and_swap import Swap
from reconcile.providers.dns.primary.update_message import Outcome
from reconcile.providers.dns.records.canonical import texts_of
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.rdatasets import rdataset_of

Rdataset = dns.rdataset.Rdataset


class RrsetStore(Protocol):
    """Whoever can read the RRsets of zones, and exchange them unless they moved."""

    def read(self, keys: Collection[RecordKey]) -> Mapping[RecordKey, Rdataset | None]: ...

    def apply(self, changes: Sequence[RrsetChange]) -> list[Outcome]: ...


@dataclasses.dataclass(frozen=True, slots=True)
class Undo:
    """Takes back what the journal says was written for a federation."""

    store: RrsetStore
    journal: RecordJournal

    def look(self, federation: str) -> list[Revert]:
        """What there is to take back, nothing written. Raises the Problem of a failed read."""
        entries = self.journal.entries(federation)
        now = self.store.read({_record(entry) for entry in entries})
        return [revert for revert in reverts(federation, entries, now) if not revert.satisfied_by(now[revert.key])]

    def carry_out(self, found: Sequence[Revert]) -> list[Outcome]:
        """What became of each: the RRset as it then stands, or why it was left as it is."""
        return self.store.apply(found)


@dataclasses.dataclass(frozen=True, slots=True)
class Revert:
    """Put an RRset back as it stood before we first wrote to it, unless somebody changed it since."""

    federation: str
    #: All that we did to the RRset, as one exchange.
    did: Swap

    @property
    def key(self) -> RecordKey:
        return RecordKey(self.did.name, self.did.rdtype)

    @property
    def replaces(self) -> tuple[str, ...] | None:
        return None

    def satisfied_by(self, now: Rdataset | None) -> bool:
        if self.did.rdtype == RdataType.TXT:
            return not self._added & _values(now) and self._removed <= _values(now)
        return _same(now, self.did.before)

    def refuse_drift(self, now: Rdataset | None) -> None:
        """Raises DNS07 when what we wrote is no longer there, or not as we wrote it."""
        values = _values(now)
        if self.did.rdtype == RdataType.TXT:
            # Other people's texts may have come and gone meanwhile; only ours must still be as we left them.
            as_left = self._added <= values and not self._removed & values
        else:
            as_left = values == _values(self.did.after)
        if not as_left:
            raise self._changed(now)

    def applied_to(self, now: Rdataset | None) -> Rdataset | None:
        if self.did.rdtype == RdataType.TXT:
            kept = [rdata for rdata in now or () if rdata not in self._added]
            back = [rdata for rdata in self.did.before or () if rdata in self._removed]
            return _rdataset(self._ttl(now), [*kept, *back])
        return _rdataset(self._ttl(now), list(self.did.before or ()))

    @property
    def lines(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The values that would go and the ones that would come back."""
        going, coming = texts_of(self.did.after), texts_of(self.did.before)
        return tuple(text for text in going if text not in coming), tuple(text for text in coming if text not in going)

    @property
    def _added(self) -> set[dns.rdata.Rdata]:
        return _values(self.did.after) - _values(self.did.before)

    @property
    def _removed(self) -> set[dns.rdata.Rdata]:
        return _values(self.did.before) - _values(self.did.after)

    def _ttl(self, now: Rdataset | None) -> int:
        """The old TTL, unless it was changed since."""
        before, after = self.did.before, self.did.after
        if before is not None and (now is None or (after is not None and now.ttl == after.ttl)):
            return before.ttl
        return now.ttl if now is not None else 0

    def _changed(self, now: Rdataset | None) -> Problem:
        return Problem(
            "DNS07",
            Phrase("{key} is no longer as we wrote it: it is now {now}.", key=self.key, now=shown(now)),
            "somebody changed it since; put it right by hand",
        )


def reverts(federation: str, entries: Sequence[Entry], now: Mapping[RecordKey, Rdataset | None]) -> list[Revert]:
    """What takes back everything the journal tells, one for each RRset; ``now`` is each RRset as just read."""
    found = []
    by_record = sorted(entries, key=_record)
    for key, chain in itertools.groupby(by_record, key=_record):
        did = _net(list(chain), now.get(key))
        if did is not None and did.changes:
            found.append(Revert(federation, did))
    return found


def _record(entry: Entry) -> RecordKey:
    return RecordKey(entry.swap.name, entry.swap.rdtype)


def _net(chain: list[Entry], now: Rdataset | None) -> Swap | None:
    """The exchanges of one RRset as one. A TXT RRset is shared, so there only our own values are followed."""
    swaps = [entry.swap for entry, after in zip(chain, _next_shown(chain, now), strict=True) if _happened(entry, after)]
    if not swaps:
        return None
    if swaps[0].rdtype == RdataType.TXT:
        return _net_of_texts(swaps)
    first = last = len(swaps) - 1
    # What somebody else put there between two of our writes is theirs: we go back no further than that.
    while first and _values(swaps[first - 1].after) == _values(swaps[first].before):
        first -= 1
    return dataclasses.replace(swaps[first], after=swaps[last].after)


def _next_shown(chain: list[Entry], now: Rdataset | None) -> list[Rdataset | None]:
    return [*(entry.swap.before for entry in chain[1:]), now]


def _happened(entry: Entry, next_shown: Rdataset | None) -> bool:
    """Whether a write took place; of one that a crash or a lost answer left open, by what was seen next."""
    after = entry.swap.after
    return entry.certain or (
        (_values(after) - _values(entry.swap.before)) <= _values(next_shown)
        and (not (_values(entry.swap.before) - _values(after)) & _values(next_shown))
    )


def _net_of_texts(swaps: list[Swap]) -> Swap:
    added: dict[dns.rdata.Rdata, None] = {}
    removed: dict[dns.rdata.Rdata, None] = {}
    for swap in swaps:
        for rdata in [rdata for rdata in swap.after or () if rdata not in _values(swap.before)]:
            if rdata in removed:
                del removed[rdata]
            else:
                added[rdata] = None
        for rdata in [rdata for rdata in swap.before or () if rdata not in _values(swap.after)]:
            if rdata in added:
                del added[rdata]
            else:
                removed[rdata] = None
    first, last = swaps[0].before, swaps[-1].after
    return Swap(
        swaps[0].name,
        swaps[0].rdtype,
        _rdataset(first.ttl if first else 0, list(removed)),
        _rdataset(last.ttl if last else 0, list(added)),
    )


def _values(rdataset: Rdataset | None) -> set[dns.rdata.Rdata]:
    return set(rdataset or ())


def _same(one: Rdataset | None, other: Rdataset | None) -> bool:
    return _values(one) == _values(other) and (one is None or other is None or one.ttl == other.ttl)


def _rdataset(ttl: int, rdatas: list[dns.rdata.Rdata]) -> Rdataset | None:
    return rdataset_of(ttl, rdatas) if rdatas else None
