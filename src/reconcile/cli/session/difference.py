"""The change of a file, as git shows one."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text


def difference(path: Path, before: str, after: str) -> Iterator[Text]:
    """The change of a file, as git shows one."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), str(path), str(path), lineterm="", n=2)
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in lines:
        yield Text(line, styles.get(line[:1], ""))
