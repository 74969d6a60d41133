"""What one pass over a mailbox did: a headline, then what needs attention."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from reconcile.language.catalogue import Catalogue
from reconcile.language.figures import size
from reconcile.language.phrase import Phrase
from reconcile.mailcopy.queue.jobs import MORE
from reconcile.mailcopy.report import Report
from reconcile.views.counts import messages
from reconcile.views.wording import ALARM, QUIET, plain

#: Refused messages shown per mailbox; ``copy status`` counts them all and the ledger keeps each.
SHOWN = 10


def pass_lines(report: Report, state: str, words: Catalogue) -> list[Text]:
    """The headline, then a line for each thing that somebody may want to know."""
    said = Phrase.joined(", ", [_headline(report), *_endings(report, state)])
    return [
        Text(words.say(said)),
        *(Text(words.say(told, plain), ALARM) for told in _alarming(report)),
        *(Text(words.say(told, plain), QUIET) for told in _folders(report)),
        *(Text(words.say(told, plain), "yellow") for told in _refused(report)),
        *(Text(words.say(told, plain), QUIET) for told in _oddities(report)),
    ]


def _headline(report: Report) -> Phrase:
    there = report.already + report.adopted
    if report.copied:
        copied = Phrase("{messages} copied ({size})", messages=messages(report.copied), size=size(report.volume))
        if not there:
            return copied
        already = Phrase.counted("{number} were there already", "{number} were there already", there)
        return Phrase.joined(", ", (copied, already))
    if not report.complete:
        return Phrase.counted(
            "nothing copied ({number} were there already)", "nothing copied ({number} were there already)", there
        )
    if there:
        return Phrase("nothing new ({messages} there)", messages=messages(there))
    return Phrase("empty, nothing to copy")


def _endings(report: Report, state: str) -> Iterator[Phrase]:
    if report.vanished:
        yield Phrase.counted(
            "{number} deleted meanwhile at the source", "{number} deleted meanwhile at the source", report.vanished
        )
    if state == "queued":
        yield Phrase("stopped with {number} left", number=report.left)
    if state == MORE:
        yield Phrase("goes on with {number} left", number=report.left)


def _alarming(report: Report) -> Iterator[Phrase]:
    if report.full:
        yield Phrase.counted(
            "{number} messages do not fit into the new mailbox: {why}",
            "{number} messages do not fit into the new mailbox: {why}",
            report.left + len(report.refused),
            why=report.full,
        )
    for name, why in report.failed.items():
        yield Phrase("folder {folder}: {why}", folder=name, why=why)


def _folders(report: Report) -> Iterator[Phrase]:
    for name, now in report.renamed.items():
        yield Phrase("folder {folder} is called {now} in the new mailbox now", folder=name, now=now)
    for name, number in report.deleted.items():
        yield Phrase.counted(
            "folder {folder} was deleted in the new mailbox: {number} message copied into it stay deleted",
            "folder {folder} was deleted in the new mailbox: {number} messages copied into it stay deleted",
            number,
            folder=name,
        )
    if report.relocated:
        yield Phrase.counted(
            "{number} message was moved to another folder of the old mailbox, and not copied again",
            "{number} messages were moved to another folder of the old mailbox, and not copied again",
            report.relocated,
        )
    for name, why in report.left_out.items():
        yield Phrase("folder {folder} is not copied: {why}", folder=name, why=why)


def _refused(report: Report) -> Iterator[Phrase]:
    for one in report.refused[:SHOWN]:
        yield Phrase(
            "refused, {folder} message {uid}: {reason}", folder=one.folder, uid=str(one.uid), reason=one.reason
        )
    if more := len(report.refused[SHOWN:]):
        yield Phrase.counted("… and {number} more refused", "… and {number} more refused", more)


def _oddities(report: Report) -> Iterator[Phrase]:
    for one in report.repaired:
        yield Phrase(
            "taken once {reason}: {folder} message {uid}", reason=one.reason, folder=one.folder, uid=str(one.uid)
        )
    for folder, number in report.redated.items():
        yield Phrase.counted(
            "{folder}: {number} message had a date of arrival that cannot be and was given the date of its header",
            "{folder}: {number} messages had a date of arrival that cannot be and was given the date of its header",
            number,
            folder=folder,
        )
    for folder, number in report.receipts.items():
        yield Phrase.counted(
            "{folder}: {number} unread message asks for a read receipt (see read_receipts in reconcile.toml)",
            "{folder}: {number} unread messages ask for a read receipt (see read_receipts in reconcile.toml)",
            number,
            folder=folder,
        )
    for keyword, number in report.keywords_dropped.items():
        yield Phrase.counted(
            "label {label} not taken by the new server on {number} message",
            "label {label} not taken by the new server on {number} messages",
            number,
            label=keyword,
        )
