"""What a copy would do, shown before it is done."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.figures import size
from reconcile.language.phrase import Phrase
from reconcile.mailcopy.preview import FolderPreview
from reconcile.views.counts import messages
from reconcile.views.wording import ALARM, QUIET, colon, plain


def sizes_text(key: str, folders: Sequence[FolderPreview], words: Catalogue = ENGLISH) -> Text:
    """The old mailbox, folder by folder, the biggest first."""
    own = [folder for folder in folders if not folder.left_out]
    held = Phrase(
        "{messages} held ({size})",
        messages=messages(sum(folder.messages for folder in own)),
        size=size(sum(folder.volume for folder in own)),
    )
    lines = _head(key, held, words)
    for folder in sorted(folders, key=lambda folder: (bool(folder.left_out), -folder.volume)):
        lines.append(f"\n  {folder.messages:>8}  {words.say(size(folder.volume)):>9}  {plain(folder.folder)}")
        _complain(lines, folder, words)
    return lines


def preview_text(key: str, folders: Sequence[FolderPreview], words: Catalogue = ENGLISH) -> Text:
    """What the next pass would copy, and where to."""
    due = Phrase(
        "{messages} to copy ({size})",
        messages=messages(sum(folder.due for folder in folders)),
        size=size(sum(folder.due_volume for folder in folders)),
    )
    lines = _head(key, due, words)
    for folder in folders:
        lines.append(f"\n  {folder.due:>8}  {words.say(size(folder.due_volume)):>9}  {plain(folder.folder)}")
        if plain(folder.destination) != plain(folder.folder):
            lines.append(f" → {plain(folder.destination)}")
        if not folder.exists:
            lines.append(f" {words.say(Phrase('(to be made)'))}", QUIET)
        if folder.too_big:
            told = Phrase.counted(
                "{number} message too big for the new server",
                "{number} messages too big for the new server",
                folder.too_big,
            )
            lines.append(f", {words.say(told)}", "yellow")
        _complain(lines, folder, words)
    return lines


def _head(key: str, told: Phrase, words: Catalogue) -> Text:
    return Text.assemble((plain(key), "bold"), f"{colon(words)}{words.say(told)}")


def _complain(lines: Text, folder: FolderPreview, words: Catalogue) -> None:
    if folder.left_out:
        why = words.say(Phrase("not copied, {why}", why=folder.left_out), plain)
        lines.append(f"{colon(words)}{why}", QUIET)
    if folder.error:
        lines.append(f"{colon(words)}{words.say(folder.error, plain)}", ALARM)
