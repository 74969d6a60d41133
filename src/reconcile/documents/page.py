"""One A4 page as PDF, in an embedded face that prints « œ », « Ł » and « € »; what does not fit is set smaller.

The only module that knows the PDF library, which is imported when a page is made.
"""

from __future__ import annotations

import datetime as dt
import importlib.resources
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from reconcile.documents.french import spaced

if TYPE_CHECKING:
    from fpdf import FPDF

_FACE, _MONO = "DejaVu Sans", "DejaVu Sans Mono"
_FONTS = ((_FACE, "", "DejaVuSans.ttf"), (_FACE, "B", "DejaVuSans-Bold.ttf"), (_MONO, "B", "DejaVuSansMono-Bold.ttf"))
#: Millimetres and points.
_MARGIN, _WIDTH = 16.0, 178.0
_BODY = 9.5
_RED, _GREY, _PALE, _INK = (190, 22, 34), (95, 95, 95), (246, 243, 240), (30, 30, 30)
#: Scales tried from the largest; the last always fits, for texts are cut to it.
_SCALES = (1.08, 1.0, 0.94, 0.88, 0.82, 0.76, 0.7)
#: The longest text of one fact: five lines of addresses.
_LONGEST = 420

#: No clock is asked: the same page is the same bytes, whenever it is made.
_MADE = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)

_Drawing = Callable[["FPDF", float], None]


class Page:
    """What stands on the page, in the order it is said; ``pdf`` draws it."""

    def __init__(self, name: str, corner: str) -> None:
        """``name``: the document's title. ``corner``: what the head of the page says at its right."""
        self._name = name
        self._corner = _said(corner)
        self._drawings: list[_Drawing] = []

    def title(self, text: str) -> None:
        def draw(pdf: FPDF, scale: float) -> None:
            _font(pdf, "B", 19 * scale, _RED)
            pdf.cell(_WIDTH, 10 * scale, _said(text), new_x="LMARGIN", new_y="NEXT")
            pdf.ln(1.5 * scale)

        self._drawings.append(draw)

    def heading(self, text: str) -> None:
        def draw(pdf: FPDF, scale: float) -> None:
            pdf.ln(2.6 * scale)
            _font(pdf, "B", 11 * scale, _RED)
            pdf.cell(_WIDTH, 6 * scale, _said(text), new_x="LMARGIN", new_y="NEXT")
            pdf.ln(0.6 * scale)

        self._drawings.append(draw)

    def facts(self, rows: Iterable[tuple[str, str]]) -> None:
        """Words and what they are here, one a line."""
        rows = list(rows)

        def draw(pdf: FPDF, scale: float) -> None:
            for word, value in rows:
                _font(pdf, "", _BODY * scale, _GREY)
                pdf.cell(38, 5.6 * scale, _said(word))
                _font(pdf, "B", _BODY * 1.08 * scale, _INK)
                _paragraph(pdf, _WIDTH - 38, 5.6 * scale, _said(value))

        self._drawings.append(draw)

    def secret(self, label: str, secret: str, note: str) -> None:
        """A password to be typed from paper: large, in a face that tells O from 0 and l from 1. Never cut."""

        def draw(pdf: FPDF, scale: float) -> None:
            pdf.ln(2.5 * scale)
            top, height = pdf.get_y(), 21 * scale
            pdf.set_draw_color(*_RED)
            pdf.set_fill_color(255, 255, 255)
            pdf.set_line_width(0.5)
            pdf.rect(_MARGIN, top, _WIDTH, height)
            pdf.set_xy(_MARGIN + 4, top + 2 * scale)
            _font(pdf, "", 8.5 * scale, _GREY)
            pdf.cell(_WIDTH - 8, 4 * scale, _said(label), new_x="LMARGIN", new_y="NEXT")
            pdf.set_x(_MARGIN + 4)
            size = 17 * scale
            pdf.set_font(_MONO, "B", size)
            if (width := pdf.get_string_width(secret)) > _WIDTH - 8:
                pdf.set_font(_MONO, "B", size * (_WIDTH - 8) / width)
            pdf.set_text_color(*_INK)
            pdf.cell(_WIDTH - 8, 8.5 * scale, secret, new_x="LMARGIN", new_y="NEXT")
            pdf.set_x(_MARGIN + 4)
            _font(pdf, "", 8 * scale, _GREY)
            pdf.cell(_WIDTH - 8, 4.5 * scale, _said(note), new_x="LMARGIN", new_y="NEXT")
            pdf.set_y(top + height)

        self._drawings.append(draw)

    def steps(self, texts: Sequence[str]) -> None:
        """A numbered list."""
        self._list([(f"{number}.", text) for number, text in enumerate(texts, 1)])

    def bullets(self, texts: Sequence[str], link: str = "") -> None:
        """A list; ``link`` is where its last line leads."""
        self._list([("•", text) for text in texts], link)

    def _list(self, rows: Sequence[tuple[str, str]], link: str = "") -> None:
        def draw(pdf: FPDF, scale: float) -> None:
            for mark, text in rows:
                _font(pdf, "B", _BODY * scale, _RED)
                pdf.cell(6, 4.9 * scale, mark)
                _font(pdf, "", _BODY * scale, _INK)
                _paragraph(pdf, _WIDTH - 6, 4.9 * scale, _said(text))
                pdf.ln(0.5 * scale)
            if link:
                pdf.set_x(_MARGIN + 6)
                _link(pdf, _WIDTH - 6, 4.9 * scale, link, _BODY * scale)

        self._drawings.append(draw)

    def cards(self, cards: Sequence[tuple[str, str, str]]) -> None:
        """Title, text and link of each, two side by side."""

        def draw(pdf: FPDF, scale: float) -> None:
            gap, width = 4.0, (_WIDTH - 4.0) / 2
            for start in range(0, len(cards), 2):
                pair = cards[start : start + 2]
                height = max(_card_height(pdf, width, card, scale) for card in pair)
                top = pdf.get_y()
                for place, (title, text, link) in enumerate(pair):
                    left = _MARGIN + place * (width + gap)
                    pdf.set_fill_color(*_PALE)
                    pdf.rect(left, top, width, height, style="F")
                    pdf.set_xy(left + 3, top + 2 * scale)
                    _font(pdf, "B", _BODY * scale, _INK)
                    pdf.cell(width - 6, 5 * scale, _said(title))
                    pdf.set_xy(left + 3, top + 7 * scale)
                    _font(pdf, "", _BODY * 0.92 * scale, _INK)
                    pdf.multi_cell(width - 6, 4.4 * scale, _said(text), align="L", new_x="LEFT", new_y="NEXT")
                    if link:
                        pdf.set_x(left + 3)
                        _link(pdf, width - 6, 4.4 * scale, link, _BODY * 0.92 * scale)
                pdf.set_xy(_MARGIN, top + height + 2.5 * scale)

        self._drawings.append(draw)

    def help(self, address: str, phone: str, tutorials: str) -> None:
        """Whom to ask, and where to read."""
        ways = [one for one in (address, phone) if one]

        def draw(pdf: FPDF, scale: float) -> None:
            pdf.ln(3 * scale)
            _font(pdf, "B", _BODY * scale, _INK)
            if ways:
                _paragraph(pdf, _WIDTH, 5 * scale, _said(f"Une question ? {' – '.join(ways)}"))
            if tutorials:
                _font(pdf, "", _BODY * scale, _INK)
                pdf.cell(pdf.get_string_width("Tutoriels : ") + 1, 5 * scale, _said("Tutoriels :"))
                _link(pdf, _WIDTH - 25, 5 * scale, tutorials, _BODY * scale)

        self._drawings.append(draw)

    def pdf(self) -> bytes:
        """The document: one page, at the largest scale at which all of it fits."""
        from fpdf.fonts import TTFFont

        for scale in _SCALES:
            drawn = self._drawn(scale)
            try:
                if drawn.page == 1 or scale == _SCALES[-1]:
                    return bytes(drawn.output())
            finally:
                for face in drawn.fonts.values():
                    if isinstance(face, TTFFont):  # its file stays open otherwise
                        face.ttfont.close()
        raise AssertionError("the last scale is drawn")

    def _drawn(self, scale: float) -> FPDF:
        pdf = _blank(self._name)
        _font(pdf, "B", 9.5 * scale, _INK)
        pdf.cell(_WIDTH / 2, 5, "Secours populaire français")
        _font(pdf, "", 9 * scale, _GREY)
        pdf.cell(_WIDTH / 2, 5, _cut(pdf, self._corner, _WIDTH / 2), align="R", new_x="LMARGIN", new_y="NEXT")
        pdf.set_draw_color(*_RED)
        pdf.set_line_width(0.8)
        pdf.line(_MARGIN, pdf.get_y() + 1.2, _MARGIN + _WIDTH, pdf.get_y() + 1.2)
        pdf.ln(4.5)
        for draw in self._drawings:
            draw(pdf, scale)
        return pdf


def _blank(name: str) -> FPDF:
    from fpdf import FPDF

    pdf = FPDF(format="A4")
    pdf.set_title(name)
    pdf.set_lang("fr-FR")
    pdf.set_creation_date(_MADE)
    pdf.set_margins(_MARGIN, 13)
    pdf.set_auto_page_break(auto=True, margin=12)
    with importlib.resources.as_file(importlib.resources.files("reconcile.documents") / "fonts") as folder:
        for family, style, file in _FONTS:
            pdf.add_font(family, style, folder / file)
    pdf.add_page()
    return pdf


def _card_height(pdf: FPDF, width: float, card: tuple[str, str, str], scale: float) -> float:
    _font(pdf, "", _BODY * 0.92 * scale, _INK)
    _, text, link = card
    lines = pdf.multi_cell(width - 6, 4.4 * scale, _said(text), align="L", dry_run=True, output="LINES")
    count = len(lines) if isinstance(lines, list) else 1
    return (9.5 + 4.4 * (count + bool(link))) * scale


def _font(pdf: FPDF, style: str, size: float, colour: tuple[int, int, int]) -> None:
    pdf.set_font(_FACE, style, size)
    pdf.set_text_color(*colour)


def _paragraph(pdf: FPDF, width: float, height: float, text: str) -> None:
    pdf.multi_cell(width, height, text, align="L", new_x="LMARGIN", new_y="NEXT")


def _link(pdf: FPDF, width: float, height: float, link: str, size: float) -> None:
    """A web address, small enough to be read whole, for whoever types it from paper."""
    _font(pdf, "", size, _RED)
    if (needed := pdf.get_string_width(link)) > width - 2:
        pdf.set_font_size(max(6.0, size * (width - 2) / needed))
    pdf.cell(width, height, _cut(pdf, link, width), link=link, new_x="LMARGIN", new_y="NEXT")


def _cut(pdf: FPDF, text: str, width: float) -> str:
    """The text, shortened to a width; what it links to stays whole."""
    if pdf.get_string_width(text) <= width:
        return text
    while text and pdf.get_string_width(f"{text}…") > width - 1:
        text = text[:-1]
    return f"{text}…"


def _said(text: str) -> str:
    """One line of printable text, with French spaces; a letter the face lacks is drawn as an empty box by readers."""
    text = " ".join(text.split())
    text = "".join(letter for letter in text if letter.isprintable())
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    # The narrow space is missing from no face of ours, but a word as long as a line must break somewhere.
    return spaced(re.sub(r"(\S{60})(?=\S)", r"\1 ", text))
