"""Looks into the messages a server refused without saying why, once the others are copied."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.folder_names import decoded
from reconcile.mailcopy.imap.grammar import Flags, flag_list
from reconcile.mailcopy.imap.interruptions import FolderRefused
from reconcile.mailcopy.imap.messages.bodies import read_bodies
from reconcile.mailcopy.imap.messages.date import NO_DATE, date_of_header, date_time
from reconcile.mailcopy.imap.session import Session
from reconcile.mailcopy.ledger.ledger import Ledger
from reconcile.mailcopy.ledger.rows import FolderRow
from reconcile.mailcopy.pump.tally import Refusal, Tally
from reconcile.mailcopy.refusals.diagnosis import anomalies, gives_no_reason
from reconcile.mailcopy.refusals.repair import Refused, Repaired, RepairTrials
from reconcile.mailcopy.survey.findings import Survey

#: Messages looked into per folder, and bytes of the largest of which variants are tried.
MOST, LARGEST = 50, 8 << 20


def look_into_refusals(
    source: Session, destination: Session, ledger: Ledger, total: Tally, found: Survey, now: float
) -> None:
    """Repair what can be repaired without loss, which then counts as copied; add to the other refusals what is unusual
    about the message, or the line because of which it is refused. ``now``: seconds since 1970. Raises
    ``ConnectionLost``."""
    able = {"UIDPLUS", "LITERAL+"} <= destination.capabilities
    if not able or not any(map(gives_no_reason, total.refused)):
        return
    with contextlib.closing(RepairTrials(destination.endpoint)) as bench:
        for row, _ in found.looked_at:
            label = decoded(row.source)
            unexplained = [
                refusal for refusal in total.refused if refusal.folder == label and gives_no_reason(refusal)
            ][:MOST]
            if unexplained:
                with contextlib.suppress(FolderRefused):  # they stay refused, for the reason first given
                    _look_into(source, ledger, total, bench, row, unexplained, now)


def _look_into(
    source: Session,
    ledger: Ledger,
    total: Tally,
    bench: RepairTrials,
    row: FolderRow,
    unexplained: list[Refusal],
    now: float,
) -> None:
    ledger.commit()  # what is repaired must not be overtaken by its own refusal
    unusual = anomalies(source, row.source, [refusal.uid for refusal in unexplained])
    for refusal in unexplained:
        message = None if bench.exhausted else _whole(source, row, refusal.uid, now)
        what = unusual.get(refusal.uid, "")
        repaired = bench.repair(row.destination, message, only_body=bool(what)) if message else None
        place = total.refused.index(refusal)
        if message and repaired and repaired.validity == row.destination_validity:
            del total.refused[place]
            _count(ledger, total, row, refusal, message, repaired)
            continue
        if message and not what:
            what = bench.blame(message)
        if what:
            explained = dataclasses.replace(
                refusal, reason=Phrase("{reason} (the message has {what})", reason=refusal.reason, what=what)
            )
            total.refused[place] = explained
            ledger.refuse(row.id, refusal.uid, explained.reason)


def _count(
    ledger: Ledger, total: Tally, row: FolderRow, refusal: Refusal, message: Refused, repaired: Repaired
) -> None:
    ledger.record(row.id, refusal.uid, repaired.uid, hashlib.sha256(message.body).digest())
    total.copied += 1
    total.volume += len(message.body)
    total.repaired.append(dataclasses.replace(refusal, reason=repaired.how))


def _whole(source: Session, row: FolderRow, uid: int, now: float) -> Refused | None:
    """The message as it was sent; None when it is too big to be tried in variants, or gone."""
    reader = _Whole(now)
    read_bodies(source, row.source, [uid], reader)
    return reader.message


class _Whole:
    def __init__(self, now: float) -> None:
        self._now = now
        self.message: Refused | None = None
        self._head: tuple[Flags, bytes] = (flag_list(()), b"")
        self._body: bytearray | None = None

    def begin(self, uid: int, flags: bytes, date: bytes, size: int) -> None:
        self._head = (flag_list(flags.split()), date)
        self._body = bytearray() if size <= LARGEST else None

    def chunk(self, part: memoryview) -> None:
        if self._body is not None:
            self._body += part

    def end(self) -> None:
        if self._body is not None:
            flags, date = self._head
            body = bytes(self._body)
            when = date_time(date, self._now) or date_of_header(body, self._now) or NO_DATE
            self.message = Refused(flags, when, body)
