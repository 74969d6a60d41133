"""What became of each mailbox's mail, folder by folder, and what a check of it found."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence

from rich.text import Text

from reconcile.mailcopy.verification import FolderCheck
from reconcile.views.wording import ALARM, QUIET, count, plain


@dataclasses.dataclass(frozen=True, slots=True)
class MailboxReport:
    """``folders``: name and messages copied. ``refused``: folder, UID in the old mailbox, reason."""

    key: str
    state: str
    folders: Sequence[tuple[str, int]]
    refused: Sequence[tuple[str, int, str]]


def reports_text(reports: Iterable[MailboxReport]) -> Text:
    """Every mailbox with its folders; refused messages one by one, for somebody has to look at each."""
    lines = Text()
    for report in reports:
        copied = sum(number for _, number in report.folders)
        lines.append(plain(report.key), "bold").append(f": {report.state}, {count(copied, 'message')} copied\n")
        for folder, number in report.folders:
            lines.append(f"  {number:>7}  {plain(folder)}\n")
        for folder, uid, reason in report.refused:
            lines.append(f"  refused  {plain(folder)}, message {uid}: {plain(reason)}\n", "yellow")
    lines.rstrip()
    return lines if lines.plain else Text("No copy is queued.")


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


def verification_text(key: str, checks: Sequence[FolderCheck]) -> Text:
    """One line when all is well, else one more for each folder that is not."""
    copied = sum(check.copied for check in checks)
    gone = sum(len(check.gone) for check in checks)
    sound = all(check.sound for check in checks)
    verdict = "all accounted for" if sound else "NOT all accounted for"
    text = Text(plain(key), "bold").append(f": {count(copied, 'message')} copied, ", "not bold")
    text.append(verdict, "not bold" if sound else ALARM)
    if gone:
        text.append(f" ({gone} moved or deleted in the new mailbox since)", QUIET)
    for check in checks:
        for number, what in (
            (len(check.not_copied), "not copied yet"),
            (check.refused, "refused"),
            (len(check.altered), "not the same as in the old mailbox"),
        ):
            if number:
                text.append(f"\n  {plain(check.folder)}: {count(number, 'message')} {what}", "yellow")
        if check.error:
            text.append(f"\n  {plain(check.folder)}: {plain(check.error)}", ALARM)
    return text


def unchecked_text(key: str) -> Text:
    return Text(plain(key), "bold").append(": nothing copied yet", "not bold")


def failed_check_text(key: str, why: str) -> Text:
    return Text(plain(key), "bold").append(": ", "not bold").append(plain(why), ALARM)
