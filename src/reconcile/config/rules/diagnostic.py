"""One remark on a federation file: where, which rule, what is wrong, what to do."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Literal

Severity = Literal["error", "warning", "notice"]


@dataclasses.dataclass(frozen=True, slots=True)
class Diagnostic:
    """A remark for the postmaster. Only errors make a file invalid. ``line`` and ``column`` start at 1.

    ``code`` is stable and explained in docs/rules.md (``SPF201``). ``hint`` says what to do; it may be empty.
    """

    code: str
    severity: Severity
    path: Path
    line: int
    column: int
    message: str
    hint: str = ""

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """Sorts remarks the way a reader goes through the files."""
        return (str(self.path), self.line, self.column, self.code, self.message)
