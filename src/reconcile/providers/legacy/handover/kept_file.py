"""What a handover takes out of a host, in a file of its own: there before anything leaves, gone once it is back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.durable import PRIVATE_FILE, private_folder, read_own, replace_file
from reconcile.strict_json import read_json

_FORMAT = 1
_Kept = TypeVar("_Kept")


class KeptFile:
    """``folder/<federation>/<host>.json``. What it holds is said by the class of each way."""

    def __init__(self, folder: Path, host: str) -> None:
        self._folder = folder
        self._host = host

    def has(self, federation: str) -> bool:
        return self._file(federation).exists()

    def forget(self, federation: str) -> None:
        self._file(federation).unlink(missing_ok=True)

    def read_as(self, federation: str, read: Callable[[Any], _Kept]) -> _Kept | None:
        """What ``read`` makes of it; None when nothing is kept. Raises Problem HOV11 when it does not read."""
        file = self._file(federation)
        if not file.exists():
            return None
        try:
            body = read_json(read_own(file))
            if body["format"] != _FORMAT:
                raise ValueError
            return read(body)
        except (Problem, OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            hint = "put the file back from a copy of the state; the old host was left as it is"
            raise Problem(
                "HOV11", Phrase("What the old host had before the handover does not read: {file}.", file=file), hint
            ) from None

    def write(self, federation: str, body: Mapping[str, object]) -> None:
        """Durable when it returns. Raises Problem HOV11; nothing was taken out then."""
        file = self._file(federation)
        try:
            private_folder(file.parent)
            text = json.dumps({"format": _FORMAT, **body}, indent=1, ensure_ascii=True)
            replace_file(file, text.encode(), PRIVATE_FILE)
        except (Problem, OSError) as error:
            why = (
                error.message
                if isinstance(error, Problem)
                else Phrase("{file}: {strerror}.", file=file, strerror=error.strerror)
            )
            raise Problem(
                "HOV11", Phrase("What the old host has cannot be kept: {why}", why=why), "nothing was handed over"
            ) from None

    def _file(self, federation: str) -> Path:
        return self._folder / quote(federation, safe="") / f"{quote(self._host, safe='')}.json"
