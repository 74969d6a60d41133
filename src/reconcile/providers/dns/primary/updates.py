"""Carries changes out: read, compare, one atomic UPDATE per zone, read back. Many zones at the price of one."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping, Sequence

import dns.name
import dns.rdataset
import dns.rdatatype
from dns.rdatatype import RdataType

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.dns.desired.rrset import RrsetChange, shown_for
from reconcile.providers.dns.primary.answers import Answer, Failure, Question
from reconcile.providers.dns.primary.client import Primary, Verdict
from reconcile.providers.dns.primary.compare_and_swap import Swap, update_for
from reconcile.providers.dns.primary.key_probe import can_be_tried, not_granted, refused_records
from reconcile.providers.dns.primary.name_status import OTHER_TYPES, ask_rrsets, cname_conflict, rrset_at
from reconcile.providers.dns.primary.own_writes import OwnWrites
from reconcile.providers.dns.primary.signatures import invalid, not_signed_here
from reconcile.providers.dns.primary.update_message import JournalWrite, Outcome, PendingChange, ZoneUpdate, drafted
from reconcile.providers.dns.primary.zones import Zones
from reconcile.providers.dns.records.keys import RecordKey

Rdataset = dns.rdataset.Rdataset
#: Somebody else may keep changing the values beside ours; after so many lost races we stop.
_ATTEMPTS = 5
#: Seconds between the reads that follow a write: a primary may answer from a cache for a moment.
_READ_BACK = (0.0, 0.1, 0.2, 0.5, 1.0, 2.0)


class PrimaryStore:
    """Applies changes on one primary; safe to call from many threads."""

    def __init__(
        self, primary: Primary, clock: Clock, journal: JournalWrite, replace: Collection[dns.name.Name] = ()
    ) -> None:
        """``replace``: names where an alias may take the place of other records."""
        self._replace = frozenset(replace)
        self._primary = primary
        self._clock = clock
        self._journal = journal
        self._zones = Zones()
        self._own = OwnWrites()
        self._signed: dict[dns.name.Name, bool] = {}

    def read(self, keys: Collection[RecordKey]) -> Mapping[RecordKey, Rdataset | None]:
        """What stands at each, as just read. Raises the Problem of a failed read."""
        answers = ask_rrsets(self._primary, keys)
        return {key: rrset_at(key, answers, keys) for key in keys}

    def apply(self, changes: Sequence[RrsetChange]) -> list[Outcome]:
        """What became of each change. Those of one zone that can be applied are applied together or not at all."""
        with self._primary.connected() as primary, contextlib.ExitStack() as locks:
            found = self._zones.of(primary, {change.key.name for change in changes})
            for apex in sorted({apex for apex in found.values() if not isinstance(apex, Problem)}):
                locks.enter_context(self._zones.lock(apex))
            pending = [PendingChange(change, found[change.key.name]) for change in changes]
            run = _Run(primary, self._clock, self._journal, self._own, pending)
            run.replace = self._replace
            run.signed = self._signed
            for _ in range(_ATTEMPTS):
                if not run.round():
                    break
            return [one.end if one.ended else _keeps_changing(one.change.key) for one in pending]


class _Run:
    """Changes applied over one connection, the locks of their zones being held."""

    def __init__(
        self, primary: Primary, clock: Clock, journal: JournalWrite, own: OwnWrites, pending: Sequence[PendingChange]
    ) -> None:
        self.pending = pending
        self._own = own
        self._primary = primary
        self._clock = clock
        self._journal = journal
        self._refused: dict[dns.name.Name, Sequence[Swap]] = {}
        #: Whether a zone publishes a key, as it was found when we first looked: asked once in a run.
        self.signed: dict[dns.name.Name, bool] = {}
        self.replace: Collection[dns.name.Name] = ()

    def round(self) -> bool:
        """Read, and send each zone what is left to do in it; whether anything was left.

        A zone whose prerequisites failed, or whose answer was lost with nothing done, waits for the next round.
        """
        left = [one for one in self.pending if not one.ended]
        if not left:
            return False
        new = sorted({one.zone for one in left} - self.signed.keys())
        keys = [Question(zone, RdataType.DNSKEY) for zone in new]
        answers = ask_rrsets(self._primary, [one.change.key for one in left], keys)
        found = {one.name: shown.rdataset is not None for one in keys if isinstance(shown := answers[one], Answer)}
        self.signed.update(found)
        by_zone: dict[dns.name.Name, list[PendingChange]] = {}
        for one in left:
            by_zone.setdefault(one.zone, []).append(one)
        updates = []
        for zone, pending in by_zone.items():
            update = drafted(zone, pending, answers, self._own, self.replace)
            if update.swaps and update.swaps == self._refused.get(zone):
                self._explain(update)
            elif update.pending:
                updates.append(update)
        self._send(updates)
        return True

    def _send(self, updates: Sequence[ZoneUpdate]) -> None:
        for update in updates:
            update.journalled(self._journal, None)
        verdicts = self._primary.update([update_for(update.zone, update.swaps) for update in updates])
        done: list[PendingChange] = []
        unheard: list[PendingChange] = []
        sent: list[ZoneUpdate] = []
        for update, verdict in zip(updates, verdicts, strict=True):
            if isinstance(verdict, Problem):
                unsigned = verdict.code == "DNS11" and self.signed.get(update.zone, False)  # BIND: SERVFAIL
                why = not_signed_here(self._primary, update.zone, undone=False) if unsigned else verdict
                refused = self._refused_records(update) if verdict.code == "DNS05" else set()
                for one in update.pending:
                    if not refused:
                        one.finish(why)
                    elif _question(one) in refused:  # the others are sent again without it
                        one.finish(not_granted(self._primary, [_question(one)]))
                continue
            update.journalled(self._journal, verdict)
            if verdict is Verdict.CONFLICT:
                self._refused[update.zone] = update.swaps
            elif verdict is Verdict.ACCEPTED:
                self._own.note(update.swaps)
                done += update.pending
                sent.append(update)
            else:
                unheard += update.pending
                sent.append(update)
        self._undo_bogus([update for update in sent if self.signed.get(update.zone, False)])
        self._read_back([one for one in (*done, *unheard) if not one.ended])
        for one in done:
            if not one.ended:
                one.finish(self._dropped(one))

    def _refused_records(self, update: ZoneUpdate) -> set[Question]:
        """Of an update that was refused as a whole, the records that the key may not change."""
        asked = [Question(swap.name, swap.rdtype) for swap in update.swaps]
        return refused_records(self._primary, [(update.zone, one) for one in asked if can_be_tried(one)])

    def _undo_bogus(self, updates: Sequence[ZoneUpdate]) -> None:
        """Put back what the server serves without valid signatures: resolvers that validate would refuse the zone."""
        left = {update.zone: update for update in updates}
        for pause in _READ_BACK:
            if not left:
                return
            self._clock.sleep(pause)  # some sign a moment after they answer
            served = {
                zone: [Question(swap.name, swap.rdtype) for swap in update.swaps] for zone, update in left.items()
            }
            bogus = invalid(self._primary, served)
            left = {zone: update for zone, update in left.items() if zone in bogus}
        for update in left.values():
            back = update.reversed()
            back.journalled(self._journal, None)
            (verdict,) = self._primary.update([update_for(back.zone, back.swaps)])
            if not isinstance(verdict, Problem):
                back.journalled(self._journal, verdict)
            for one in update.pending:
                one.finish(not_signed_here(self._primary, update.zone, undone=True))

    def _read_back(self, pending: Sequence[PendingChange]) -> None:
        """Look until the world agrees; what it does not agree to in time stays without end."""
        left = list(pending)
        for pause in _READ_BACK:
            if not left:
                return
            self._clock.sleep(pause)
            answers = self._primary.ask(_question(one) for one in left)
            for one in left:
                answer = answers[_question(one)]
                if isinstance(answer, Answer) and one.change.satisfied_by(answer.rdataset):
                    one.finish(answer.rdataset)
            left = [one for one in left if not one.ended]

    def _explain(self, update: ZoneUpdate) -> None:
        """The same reading was refused twice: something is in the way of one of them; the others go on without it."""
        keys = [one.change.key for one in update.pending if one.change.key.rdtype == RdataType.CNAME]
        conflicting = {key: others for key in keys if (others := self._other_types(key.name))}
        for one in update.pending:
            if one.change.key in conflicting:
                one.finish(cname_conflict(one.change.key, conflicting[one.change.key]))
            elif not conflicting:
                one.finish(self._not_honoured(one.change.key))

    def _not_honoured(self, key: RecordKey) -> Problem:
        return Problem(
            "DNS13",
            Phrase(
                "{primary} refuses to change {key} although it is as the plan saw it.", primary=self._primary, key=key
            ),
            "it may not honour RFC 2136 prerequisites; change this record by hand",
        )

    def _other_types(self, name: dns.name.Name) -> list[str]:
        answers = self._primary.ask([Question(name, rdtype) for rdtype in OTHER_TYPES])
        found = [question for question, answer in answers.items() if isinstance(answer, Answer) and answer.rdataset]
        return [dns.rdatatype.to_text(question.rdtype) for question in found]

    def _dropped(self, one: PendingChange) -> Problem:
        answer = self._primary.ask([_question(one)])[_question(one)]
        if isinstance(answer, Failure):
            return answer.problem
        return Problem(
            "DNS08",
            Phrase(
                "{primary} accepted the change of {key} and still answers {shown}.",
                primary=self._primary,
                key=one.change.key,
                shown=shown_for(one.change.key, answer.rdataset),
            ),
            "the server dropped it or answers from another copy; read its log, then plan again",
        )


def _question(one: PendingChange) -> Question:
    return Question(one.change.key.name, one.change.key.rdtype)


def _keeps_changing(key: RecordKey) -> Problem:
    return Problem(
        "DNS07", Phrase("{key} keeps being changed by another client.", key=key), "find out who, then plan again"
    )
