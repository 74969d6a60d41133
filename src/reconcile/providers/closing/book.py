"""What is kept of a migration's end: ``<folder>/<federation>.json``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconcile.problem import Problem
from reconcile.state.durable import keep_private, read_own, unreadable, unwritable

FORMAT = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Ending:
    """``asked``: each copy, and how many passes it had when the last one was asked for; None before that. ``closed``:
    what the closing found, None before it: when, messages copied and refused, passwords erased."""

    asked: Mapping[str, int] | None = None
    closed: Mapping[str, Any] | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ClosingBook:
    """Raises ``Problem`` RBK04 for a file that is damaged."""

    folder: Path

    def read(self, federation: str) -> Ending:
        path = self._path(federation)
        try:
            document = json.loads(read_own(path).decode("utf-8"))
            if document["format"] != FORMAT:
                raise ValueError
            asked = document["asked"]
            return Ending({str(key): int(passes) for key, passes in asked.items()}, document["closed"])
        except FileNotFoundError:
            return Ending()
        except OSError as error:
            raise unreadable(path, error) from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            hint = "restore it, or move it away: the last pass is asked for again"
            raise Problem("RBK04", f"{path} is damaged.", hint) from None

    def write(self, federation: str, ending: Ending) -> None:
        path = self._path(federation)
        content = {"format": FORMAT, "asked": dict(ending.asked or {}), "closed": ending.closed}
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
