"""Exchange's sizes, which it shows as text."""

from __future__ import annotations

import re


def bytes_in(size: str) -> int:
    """``63 GB (67,645,734,912 bytes)`` in bytes; 0 when no size is shown, as for ``Unlimited``."""
    found = re.search(r"\(([\d,.\s]+) bytes\)", size)
    return int(re.sub(r"\D", "", found[1])) if found else 0
