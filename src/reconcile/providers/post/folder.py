"""Letters as .eml files, for somebody to send: one file a letter, whole or not there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from reconcile.providers.post.carrier import Found, Parcel
from reconcile.state.durable import PRIVATE_FILE, private_folder, replace_file, unwritable


class FolderCarrier:
    """Writes to ``folder``; a mail program opens the file and sends it as it is. Written twice it is the same file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def deliver(self, parcel: Parcel, committed: Callable[[str], None]) -> None:
        """Raises ``Problem`` STA01 or STA06 when it cannot be written."""
        try:
            private_folder(self._folder)
        except OSError as error:
            raise unwritable(self._folder, error) from None
        committed(parcel.message_id)
        replace_file(self._file(parcel.message_id), parcel.data, PRIVATE_FILE)

    def find(self, message_id: str) -> Found:
        return Found.LEFT if self._file(message_id).is_file() else Found.NOT_THERE

    def _file(self, message_id: str) -> Path:
        name = re.sub("[^A-Za-z0-9.-]", "_", message_id.strip("<>").partition("@")[0]).lstrip(".")
        return self._folder / f"{name}.eml"
