"""What may be wrong with the text of a file, before its content is looked at."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Flaw:
    """Something wrong with the text itself; ``code`` is one of rules 101, 102, 108."""

    code: str
    line: int
    column: int
    message: str
    hint: str = ""
