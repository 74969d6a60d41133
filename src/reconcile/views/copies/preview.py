"""What a copy would do, shown before it is done."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from reconcile.mailcopy.preview import FolderPreview
from reconcile.views.wording import ALARM, QUIET, count, plain, size


def sizes_text(key: str, folders: Sequence[FolderPreview]) -> Text:
    """The old mailbox, folder by folder, the biggest first."""
    own = [folder for folder in folders if not folder.left_out]
    lines = _head(key, sum(folder.messages for folder in own), sum(folder.volume for folder in own), "held")
    for folder in sorted(folders, key=lambda folder: (bool(folder.left_out), -folder.volume)):
        lines.append(f"\n  {folder.messages:>8}  {size(folder.volume):>9}  {plain(folder.folder)}")
        _complain(lines, folder)
    return lines


def preview_text(key: str, folders: Sequence[FolderPreview]) -> Text:
    """What the next pass would copy, and where to."""
    due = sum(folder.due for folder in folders)
    lines = _head(key, due, sum(folder.due_volume for folder in folders), "to copy")
    for folder in folders:
        lines.append(f"\n  {folder.due:>8}  {size(folder.due_volume):>9}  {plain(folder.folder)}")
        if plain(folder.destination) != plain(folder.folder):
            lines.append(f" → {plain(folder.destination)}")
        if not folder.exists:
            lines.append(" (to be made)", QUIET)
        if folder.too_big:
            lines.append(f", {count(folder.too_big, 'message')} too big for the new server", "yellow")
        _complain(lines, folder)
    return lines


def _head(key: str, messages: int, volume: int, what: str) -> Text:
    return Text.assemble((plain(key), "bold"), f": {count(messages, 'message')} {what} ({size(volume)})")


def _complain(lines: Text, folder: FolderPreview) -> None:
    if folder.left_out:
        lines.append(f": not copied, {plain(folder.left_out)}", QUIET)
    if folder.error:
        lines.append(f": {plain(folder.error)}", ALARM)
