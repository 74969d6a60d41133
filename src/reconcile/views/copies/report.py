"""What became of each mailbox's mail, folder by folder, and what a check of it found."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.phrase import Phrase
from reconcile.mailcopy.verification import FolderCheck
from reconcile.views.copies.states import said
from reconcile.views.counts import messages
from reconcile.views.wording import ALARM, QUIET, colon, plain


@dataclasses.dataclass(frozen=True, slots=True)
class MailboxReport:
    """``folders``: name and messages copied. ``refused``: folder, UID in the old mailbox, reason."""

    key: str
    state: str
    folders: Sequence[tuple[str, int]]
    refused: Sequence[tuple[str, int, str]]


def reports_text(reports: Iterable[MailboxReport], words: Catalogue = ENGLISH) -> Text:
    """Every mailbox with its folders; refused messages one by one, for somebody has to look at each."""
    lines = Text()
    for report in reports:
        copied = messages(sum(number for _, number in report.folders))
        told = Phrase("{state}, {messages} copied", state=said(report.state), messages=copied)
        lines.append(plain(report.key), "bold").append(f"{colon(words)}{words.say(told)}\n")
        for folder, number in report.folders:
            lines.append(f"  {number:>7}  {plain(folder)}\n")
        for folder, uid, reason in report.refused:
            refused = Phrase("refused  {folder}, message {uid}: {reason}", folder=folder, uid=str(uid), reason=reason)
            lines.append(f"  {words.say(refused, plain)}\n", "yellow")
    lines.rstrip()
    return lines if lines.plain else Text(words.say(Phrase("No copy is queued.")))


def reports_json(reports: Iterable[MailboxReport]) -> str:
    return json.dumps(
        [
            {
                "key": report.key,
                "state": report.state,
                "folders": dict(report.folders),
                "refused": [{"folder": f, "uid": uid, "reason": why} for f, uid, why in report.refused],
            }
            for report in reports
        ],
        ensure_ascii=False,
        indent=2,
    )


def verification_text(key: str, checks: Sequence[FolderCheck], words: Catalogue = ENGLISH) -> Text:
    """One line when all is well, else one more for each folder that is not."""
    copied = messages(sum(check.copied for check in checks))
    gone = sum(len(check.gone) for check in checks)
    sound = all(check.sound for check in checks)
    verdict = Phrase("all accounted for") if sound else Phrase("NOT all accounted for")
    opening = words.say(Phrase("{messages} copied, ", messages=copied))
    text = Text(plain(key), "bold").append(f"{colon(words)}{opening}", "not bold")
    text.append(words.say(verdict), "not bold" if sound else ALARM)
    if gone:
        since = Phrase.counted(
            "({number} moved or deleted in the new mailbox since)",
            "({number} moved or deleted in the new mailbox since)",
            gone,
        )
        text.append(f" {words.say(since)}", QUIET)
    for check in checks:
        for told in _wanting(check):
            text.append(f"\n  {plain(check.folder)}{colon(words)}{words.say(told)}", "yellow")
        if check.error:
            text.append(f"\n  {plain(check.folder)}{colon(words)}{words.say(check.error, plain)}", ALARM)
    return text


def unchecked_text(key: str, words: Catalogue = ENGLISH) -> Text:
    return Text(plain(key), "bold").append(f"{colon(words)}{words.say(Phrase('nothing copied yet'))}", "not bold")


def failed_check_text(key: str, why: str, words: Catalogue = ENGLISH) -> Text:
    return Text(plain(key), "bold").append(colon(words), "not bold").append(words.say(why, plain), ALARM)


def _wanting(check: FolderCheck) -> Iterator[Phrase]:
    """What of a folder is not there as it should be."""
    if number := len(check.not_copied):
        yield Phrase.counted("{number} message not copied yet", "{number} messages not copied yet", number)
    if number := check.refused:
        yield Phrase.counted("{number} message refused", "{number} messages refused", number)
    if number := len(check.altered):
        yield Phrase.counted(
            "{number} message not the same as in the old mailbox",
            "{number} messages not the same as in the old mailbox",
            number,
        )
