"""What is kept of a migration's end: ``<folder>/<federation>.json``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.durable import keep_private, read_own, unreadable, unwritable
from reconcile.strict_json import read_json

FORMAT = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Ending:
    """``asked``: each copy, and how many passes it had when the last one was asked for; None before that. ``closed``:
    what the closing found, None before it: when, messages copied and refused, passwords erased. ``erased``: how many
    passwords a closing began to erase."""

    asked: Mapping[str, int] | None = None
    closed: Mapping[str, Any] | None = None
    erased: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class ClosingBook:
    """Raises ``Problem`` RBK04 for a file that is damaged."""

    folder: Path

    def read(self, federation: str) -> Ending:
        path = self._path(federation)
        try:
            document = read_json(read_own(path).decode("utf-8"))
            if document["format"] != FORMAT:
                raise ValueError
            asked = document["asked"]
            passes = {str(key): int(number) for key, number in asked.items()}
            closed = document["closed"]
            # What an earlier version closed has its count there alone.
            erased = document.get("erased", (closed or {}).get("passwords_erased", 0))
            return Ending(passes, closed, int(erased))
        except FileNotFoundError:
            return Ending()
        except OSError as error:
            raise unreadable(path, error) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            hint = "restore it, or move it away: the last pass is asked for again"
            raise Problem("RBK04", Phrase("{path} is damaged.", path=path), hint) from None

    def write(self, federation: str, ending: Ending) -> None:
        path = self._path(federation)
        content = {"format": FORMAT, "asked": dict(ending.asked or {}), "closed": ending.closed}
        if ending.erased:
            content["erased"] = ending.erased
        text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        keep_private(path, text.encode())

    def forget(self, federation: str) -> None:
        path = self._path(federation)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise unwritable(path, error) from None

    def _path(self, federation: str) -> Path:
        return self.folder / f"{federation}.json"
