"""What of each federation could not be read when it was last to be applied: ``spfstate/unread/<slug>.json``. An apply
that can decide nothing writes no journal, and whoever looks later must see why nothing moves."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.durable import keep_private, read_own, unreadable, unwritable
from reconcile.strict_json import read_json

#: The version of these files' format.
FORMAT = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Unread:
    """``reasons``: by the address of a resource, why nothing could be decided about it at the moment ``at``."""

    at: dt.datetime
    reasons: Mapping[str, str]


class UnreadFolder:
    """What is kept under ``folder``; the sandbox's bear it in their name, and no world sees the other's."""

    def __init__(self, folder: Path, *, sandbox: bool = False) -> None:
        self._folder = folder
        self._suffix = ".sandbox.json" if sandbox else ".json"

    def note(self, federation: str, found: Unread) -> None:
        """Keep it in the place of what was found before; nothing is kept where all could be read. Raises Problem STA01
        or STA06."""
        path = self._of(federation)
        if not found.reasons:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise unwritable(path, error) from None
            return
        document = {"format": FORMAT, "at": found.at.isoformat(timespec="seconds"), "reasons": dict(found.reasons)}
        keep_private(path, (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode())

    def read(self, federation: str) -> Unread | None:
        """None where all could be read. Raises Problem STA02 when its file is damaged, STA06 when it cannot be read."""
        path = self._of(federation)
        try:
            document: Any = read_json(read_own(path))
            if document["format"] != FORMAT:
                raise ValueError
            at = dt.datetime.fromisoformat(document["at"])
            if at.tzinfo is None:
                raise ValueError
            return Unread(at, {str(address): str(why) for address, why in document["reasons"].items()})
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unreadable(path, error) from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise Problem(
                "STA02", Phrase("{path} is damaged.", path=path), "move it away: the next apply looks again"
            ) from None

    def _of(self, federation: str) -> Path:
        return self._folder / f"{federation}{self._suffix}"
