"""Markdown for other people's pages: harmless whatever a name holds, and never longer than it may be."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from reconcile.views.wording import plain

#: Every ASCII sign that could mean something to Markdown, HTML or GitHub; ' , - cannot, a dot only after www.
_SIGNS = re.compile(r"[!-&(-+/:-@\[-`{-~]|(?<=www)\.", re.IGNORECASE)
#: GitHub's other way to name an issue.
_ISSUE = re.compile(r"\b(GH-)(?=\d)", re.IGNORECASE)
_RUN_OF_TICKS = re.compile("`+")


class Page:
    """A text that grows piece by piece and never beyond ``room`` characters."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def write(self, text: str) -> None:
        """Add a piece without which the page makes no sense. Raises ValueError when there is no room for it."""
        if len(text) > self._room:
            raise ValueError(f"no room on the page for {len(text)} characters; {self._room} are left")
        self._room -= len(text)
        self._parts.append(text)

    def write_some(self, opening: str, pieces: Sequence[str], more: Callable[[int], str], closing: str) -> int:
        """Add as many ``pieces`` as fit between ``opening`` and ``closing``, or nothing. Returns how many are left out.

        ``more`` says, in the last place, how many of them are missing.
        """
        frame = len(opening) + len(closing)
        if frame + sum(map(len, pieces)) <= self._room:
            self.write("".join((opening, *pieces, closing)))
            return 0
        room = self._room - frame - len(more(len(pieces)))
        fitting = 0
        for piece in pieces:
            room -= len(piece)
            if room < 0:
                break
            fitting += 1
        missing = len(pieces) - fitting
        if fitting:
            self.write("".join((opening, *pieces[:fitting], more(missing), closing)))
        return missing


def inert(text: str, limit: int = 80) -> str:
    """The text on one line, at most ``limit`` characters of it, free of any meaning to Markdown, HTML or GitHub."""
    shown = plain(text)
    shown = shown if len(shown) <= limit else shown[: limit - 1] + "…"
    # An invisible space keeps a name from calling somebody to the page, and a number from leading to an issue.
    signs = _SIGNS.sub(lambda sign: f"&#{ord(sign[0])};", shown)
    return _ISSUE.sub("\\1\u200b", signs.replace("&#64;", "&#64;\u200b").replace("&#35;", "&#35;\u200b"))


def fence(pieces: Sequence[str]) -> str:
    """Backticks enough to enclose these pieces as they are (CommonMark 0.31, fenced code blocks)."""
    longest = max((len(run) for piece in pieces for run in _RUN_OF_TICKS.findall(piece)), default=0)
    return "`" * max(3, longest + 1)
