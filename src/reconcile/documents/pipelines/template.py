"""The packaged texts of the workflow files, and how they are filled in."""

from __future__ import annotations

import string
from collections.abc import Iterable
from importlib import resources


class Template(string.Template):
    """A section sign stands before our names: both forges have uses of their own for the dollar."""

    delimiter = "§"


def filled(name: str, **values: str) -> str:
    """The packaged text of that name. A line that holds nothing but an empty value goes."""
    text = (resources.files(__package__) / "texts" / name).read_text(encoding="utf-8")
    lines = []
    for line in text.splitlines():
        shown = Template(line).substitute(values)
        if shown.strip() or not line.strip():
            lines.append(_indented(line, shown))
    return "\n".join(lines) + "\n"


def _indented(line: str, shown: str) -> str:
    """A value of several lines stands under its first."""
    margin = " " * (len(line) - len(line.lstrip()))
    return shown.replace("\n", f"\n{margin}")


def lines(found: Iterable[str]) -> str:
    return "\n".join(found)
