"""A4 pages as PDF, in an embedded face that prints « œ », « Ł » and « € »; what does not fit is set smaller.

This, ``drawing`` and ``paper`` alone know the PDF library, which is imported when a page is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from reconcile.documents.drawing import (
    BODY,
    GREY,
    INK,
    MARGIN,
    MONO,
    PALE,
    RED,
    WIDTH,
    blank_document,
    card_height,
    cut,
    printable,
    set_font,
    web_link,
)

if TYPE_CHECKING:
    from reconcile.documents.paper import Paper

#: Scales tried from the largest; the last always fits, for texts are cut to it.
_SCALES = (1.08, 1.0, 0.94, 0.88, 0.82, 0.76, 0.7)


_Drawing = Callable[["Paper", float], None]


class Page:
    """What stands on the page, in the order it is said; ``pdf`` and ``document`` draw it."""

    def __init__(self, name: str, corner: str) -> None:
        """``name``: the document's title. ``corner``: what the head of the page says at its right."""
        self._name = name
        self._corner = printable(corner)
        self._drawings: list[_Drawing] = []

    def title(self, text: str) -> None:
        def draw(pdf: Paper, scale: float) -> None:
            set_font(pdf, "B", 19 * scale, RED)
            pdf.cell(WIDTH, 10 * scale, printable(text), new_x="LMARGIN", new_y="NEXT")
            pdf.ln(1.5 * scale)

        self._drawings.append(draw)

    def heading(self, text: str) -> None:
        def draw(pdf: Paper, scale: float) -> None:
            pdf.ln(2.6 * scale)
            set_font(pdf, "B", 11 * scale, RED)
            pdf.cell(WIDTH, 6 * scale, printable(text), new_x="LMARGIN", new_y="NEXT")
            pdf.ln(0.6 * scale)

        self._drawings.append(draw)

    def facts(self, rows: Iterable[tuple[str, str]]) -> None:
        """Words and what they are here, one a line."""
        rows = list(rows)

        def draw(pdf: Paper, scale: float) -> None:
            for word, value in rows:
                set_font(pdf, "", BODY * scale, GREY)
                pdf.cell(38, 5.6 * scale, printable(word))
                set_font(pdf, "B", BODY * 1.08 * scale, INK)
                pdf.paragraph(WIDTH - 38, 5.6 * scale, printable(value))

        self._drawings.append(draw)

    def secret(self, label: str, secret: str, note: str) -> None:
        """A password to be typed from paper: large, in a face that tells O from 0 and l from 1. Never cut."""

        def draw(pdf: Paper, scale: float) -> None:
            pdf.ln(2.5 * scale)
            top, height = pdf.get_y(), 21 * scale
            pdf.set_draw_color(*RED)
            pdf.set_fill_color(255, 255, 255)
            pdf.set_line_width(0.5)
            pdf.rect(MARGIN, top, WIDTH, height)
            pdf.set_xy(MARGIN + 4, top + 2 * scale)
            set_font(pdf, "", 8.5 * scale, GREY)
            pdf.cell(WIDTH - 8, 4 * scale, printable(label), new_x="LMARGIN", new_y="NEXT")
            pdf.set_x(MARGIN + 4)
            size = 17 * scale
            pdf.set_font(MONO, "B", size)
            if (width := pdf.get_string_width(secret)) > WIDTH - 8:
                pdf.set_font(MONO, "B", size * (WIDTH - 8) / width)
            pdf.set_text_color(*INK)
            pdf.cell(WIDTH - 8, 8.5 * scale, secret, new_x="LMARGIN", new_y="NEXT")
            pdf.set_x(MARGIN + 4)
            set_font(pdf, "", 8 * scale, GREY)
            pdf.cell(WIDTH - 8, 4.5 * scale, printable(note), new_x="LMARGIN", new_y="NEXT")
            pdf.set_y(top + height)

        self._drawings.append(draw)

    def steps(self, texts: Sequence[str]) -> None:
        """A numbered list."""
        self._list([(f"{number}.", text) for number, text in enumerate(texts, 1)])

    def bullets(self, texts: Sequence[str], link: str = "") -> None:
        """A list; ``link`` is where its last line leads."""
        self._list([("•", text) for text in texts], link)

    def _list(self, rows: Sequence[tuple[str, str]], link: str = "") -> None:
        def draw(pdf: Paper, scale: float) -> None:
            for mark, text in rows:
                set_font(pdf, "B", BODY * scale, RED)
                pdf.cell(6, 4.9 * scale, mark)
                set_font(pdf, "", BODY * scale, INK)
                pdf.paragraph(WIDTH - 6, 4.9 * scale, printable(text))
                pdf.ln(0.5 * scale)
            if link:
                pdf.set_x(MARGIN + 6)
                web_link(pdf, WIDTH - 6, 4.9 * scale, link, BODY * scale)

        self._drawings.append(draw)

    def cards(self, cards: Sequence[tuple[str, str, str]]) -> None:
        """Title, text and link of each, two side by side."""

        def draw(pdf: Paper, scale: float) -> None:
            gap, width = 4.0, (WIDTH - 4.0) / 2
            for start in range(0, len(cards), 2):
                pair = cards[start : start + 2]
                height = max(card_height(pdf, width, card, scale) for card in pair)
                top = pdf.get_y()
                for place, (title, text, link) in enumerate(pair):
                    left = MARGIN + place * (width + gap)
                    pdf.set_fill_color(*PALE)
                    pdf.rect(left, top, width, height, style="F")
                    pdf.set_xy(left + 3, top + 2 * scale)
                    set_font(pdf, "B", BODY * scale, INK)
                    pdf.cell(width - 6, 5 * scale, printable(title))
                    pdf.set_xy(left + 3, top + 7 * scale)
                    set_font(pdf, "", BODY * 0.92 * scale, INK)
                    pdf.paragraph(width - 6, 4.4 * scale, printable(text))
                    if link:
                        pdf.set_x(left + 3)
                        web_link(pdf, width - 6, 4.4 * scale, link, BODY * 0.92 * scale)
                pdf.set_xy(MARGIN, top + height + 2.5 * scale)

        self._drawings.append(draw)

    def help(self, address: str, phone: str, tutorials: str) -> None:
        """Whom to ask, and where to read."""
        ways = [one for one in (address, phone) if one]

        def draw(pdf: Paper, scale: float) -> None:
            pdf.ln(3 * scale)
            set_font(pdf, "B", BODY * scale, INK)
            if ways:
                pdf.paragraph(WIDTH, 5 * scale, printable(f"Une question ? {' – '.join(ways)}"))
            if tutorials:
                set_font(pdf, "", BODY * scale, INK)
                pdf.cell(pdf.get_string_width("Tutoriels : ") + 1, 5 * scale, printable("Tutoriels :"))
                web_link(pdf, WIDTH - 25, 5 * scale, tutorials, BODY * scale)

        self._drawings.append(draw)

    def pdf(self) -> bytes:
        """The document of this page alone."""
        return document([self], self._name)

    def add_to(self, pdf: Paper) -> None:
        """Draw it there as one more page, at the largest scale at which all of it fits."""
        before = pdf.page
        for scale in _SCALES:
            pdf.add_page()
            self._draw(pdf, scale)
            if pdf.page == before + 1 or scale == _SCALES[-1]:
                return
            for number in range(before + 1, pdf.page + 1):
                del pdf.pages[number]
            pdf.page = before

    def _draw(self, pdf: Paper, scale: float) -> None:
        set_font(pdf, "B", 9.5 * scale, INK)
        pdf.cell(WIDTH / 2, 5, "Secours populaire français")
        set_font(pdf, "", 9 * scale, GREY)
        pdf.cell(WIDTH / 2, 5, cut(pdf, self._corner, WIDTH / 2), align="R", new_x="LMARGIN", new_y="NEXT")
        pdf.set_draw_color(*RED)
        pdf.set_line_width(0.8)
        pdf.line(MARGIN, pdf.get_y() + 1.2, MARGIN + WIDTH, pdf.get_y() + 1.2)
        pdf.ln(4.5)
        for draw in self._drawings:
            draw(pdf, scale)


def document(pages: Iterable[Page], name: str) -> bytes:
    """The PDF of these pages, one after the other; ``name`` is its title."""
    from fpdf.fonts import TTFFont

    pdf = blank_document(name)
    try:
        for page in pages:
            page.add_to(pdf)
        return bytes(pdf.output())
    finally:
        for face in pdf.fonts.values():
            if isinstance(face, TTFFont):  # its file stays open otherwise
                face.ttfont.close()
