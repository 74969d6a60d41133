"""How long a list may be, and what its pages hold."""

from __future__ import annotations

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

BARREN_PAGES = 50
#: Pages and rows of one list. A tenant of a hundred thousand users has a thousand and a hundred thousand.
MOST_PAGES, MOST_ROWS = 5000, 1_000_000


def is_table(value: object) -> bool:
    """Whether a page's value is a list of objects, as it always is."""
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def check_length(service: str, pages: int, rows: int) -> None:
    """Raise ``Problem`` M365-08 for a list that leads on and on."""
    if pages >= MOST_PAGES or rows > MOST_ROWS:
        raise Problem(
            "M365-08",
            Phrase(
                "{service}'s list has no end: {rows:,} rows in {pages:,} pages.",
                service=service,
                rows=rows,
                pages=pages,
            ),
            "nothing was concluded from it; run it again later, and report it if it stays",
        )
