"""The PDF library's document, which breaks a text into lines once: a batch's thousand pages say nearly the same."""

from __future__ import annotations

from fpdf import FPDF


class Paper(FPDF):
    """A document of A4 pages."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        self._lines: dict[tuple[str, float, str, str, float], list[str]] = {}

    def lines(self, width: float, text: str) -> list[str]:
        """The text as it is broken, in the present font, to a width in millimetres."""
        key = (text, width, self.font_family, self.font_style, self.font_size_pt)
        if key not in self._lines:
            broken = self.multi_cell(width, text=text, align="L", dry_run=True, output="LINES")
            self._lines[key] = list(broken) if isinstance(broken, list) else [text]
        return self._lines[key]

    def paragraph(self, width: float, height: float, text: str) -> None:
        """Lines of that height below one another; the place is then at the left margin below the last."""
        left = self.x
        for line in self.lines(width, text):
            self.set_x(left)
            self.cell(width, height, line, new_x="LMARGIN", new_y="NEXT")
