"""The looks of cells: colours, borders, and which may be written in."""

from __future__ import annotations

import functools
from typing import Any

RED, INK, GREY = "#BE1622", "#1E1E1E", "#6B6B6B"
_PALE, _LINE, _FREE = "#F6F3F0", "#D9D4CF", "#FFFBEF"
AMBER, GREEN = "#FFE9B8", "#DDF0DD"
ROSE = "#F9D9DB"
#: Bytes as people read them.
_VOLUME = '[>=1000000000]0.0,,," Go";[>=1000000]0,," Mo";0," ko"'


class Style:
    """Formats of one workbook, each made once."""

    def __init__(self, book: Any) -> None:
        self._book = book

    @functools.cached_property
    def title(self) -> Any:
        return self._made(bold=True, font_size=18, font_color=RED)

    @functools.cached_property
    def subtitle(self) -> Any:
        return self._made(font_size=11, font_color=GREY)

    @functools.cached_property
    def heading(self) -> Any:
        return self._made(bold=True, font_size=13, font_color=RED, top=1, top_color=_LINE)

    @functools.cached_property
    def header(self) -> Any:
        look = {"bold": True, "bg_color": RED, "font_color": "#FFFFFF", "border": 1, "border_color": "#FFFFFF"}
        return self._made(**look, text_wrap=True, valign="vcenter", align="center")

    @functools.cached_property
    def text(self) -> Any:
        return self._made(text_wrap=True, valign="top")

    @functools.cached_property
    def bold(self) -> Any:
        return self._made(bold=True, valign="top")

    @functools.cached_property
    def link(self) -> Any:
        return self._made(font_color="#0B4F9E", underline=1)

    @functools.cached_property
    def number(self) -> Any:
        return self._made(num_format="0", align="right")

    @functools.cached_property
    def decimal(self) -> Any:
        return self._made(num_format="0.00", align="right")

    @functools.cached_property
    def share(self) -> Any:
        return self._made(num_format="0 %", align="right")

    @functools.cached_property
    def euros(self) -> Any:
        return self._made(num_format='#,##0.00" €"', align="right")

    @functools.cached_property
    def total(self) -> Any:
        return self._made(num_format='#,##0.00" €"', align="right", bold=True, bg_color=AMBER)

    def cell(self, *, filled: bool, text: bool, free: bool, kind: str = "") -> Any:
        """A cell of the table: locked and grey where nothing is to be written. ``kind``: size or date."""
        return self._cells(filled, text, free, kind)

    @functools.cache  # noqa: B019 - one Style lives as long as its workbook
    def _cells(self, filled: bool, text: bool, free: bool, kind: str) -> Any:
        look: dict[str, Any] = {"border": 1, "border_color": _LINE, "valign": "top", "text_wrap": True}
        look["bg_color"] = (_FREE if free else "#FFFFFF") if filled else _PALE
        look["locked"] = not filled
        if text:
            look["num_format"] = "@"
        if kind == "size":
            look |= {"num_format": _VOLUME, "align": "right"}
        elif kind == "date":
            look |= {"num_format": "dd/mm/yyyy", "align": "center"}
        elif not filled:
            look["font_color"] = INK
        return self._made(**look)

    def tint(self, colour: str, ink: str = "") -> Any:
        """A conditional format."""
        return self._book.add_format({"bg_color": colour, **({"font_color": ink} if ink else {})})

    def _made(self, **look: Any) -> Any:
        return self._book.add_format({"font_name": "Calibri", "font_size": 11, "font_color": INK, **look})
