"""What is drawn on a page: fonts, paragraphs, links, cards, in millimetres and points."""

from __future__ import annotations

import datetime as dt
import importlib.resources
import re
from typing import TYPE_CHECKING

from reconcile.documents.french import spaced

if TYPE_CHECKING:
    from reconcile.documents.paper import Paper


FACE, MONO = "DejaVu Sans", "DejaVu Sans Mono"
_FONTS = ((FACE, "", "DejaVuSans.ttf"), (FACE, "B", "DejaVuSans-Bold.ttf"), (MONO, "B", "DejaVuSansMono-Bold.ttf"))
#: Millimetres and points.
MARGIN, WIDTH = 16.0, 178.0
BODY = 9.5
RED, GREY, PALE, INK = (190, 22, 34), (95, 95, 95), (246, 243, 240), (30, 30, 30)
#: The longest text of one fact: five lines of addresses.
_LONGEST = 420
#: No clock is asked: the same page is the same bytes, whenever it is made.
_MADE = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def blank_document(name: str) -> Paper:
    """Without a page yet, with every face: reading those takes far longer than drawing."""
    from reconcile.documents.paper import Paper

    pdf = Paper()
    pdf.set_title(name)
    pdf.set_lang("fr-FR")
    pdf.set_creation_date(_MADE)
    pdf.set_margins(MARGIN, 13)
    pdf.set_auto_page_break(auto=True, margin=12)
    with importlib.resources.as_file(importlib.resources.files("reconcile.documents") / "fonts") as folder:
        for family, style, file in _FONTS:
            pdf.add_font(family, style, folder / file)
    return pdf


def card_height(pdf: Paper, width: float, card: tuple[str, str, str], scale: float) -> float:
    set_font(pdf, "", BODY * 0.92 * scale, INK)
    _, text, link = card
    return (9.5 + 4.4 * (len(pdf.lines(width - 6, printable(text))) + bool(link))) * scale


def set_font(pdf: Paper, style: str, size: float, colour: tuple[int, int, int]) -> None:
    pdf.set_font(FACE, style, size)
    pdf.set_text_color(*colour)


def web_link(pdf: Paper, width: float, height: float, link: str, size: float) -> None:
    """A web address, small enough to be read whole, for whoever types it from paper."""
    set_font(pdf, "", size, RED)
    if (needed := pdf.get_string_width(link)) > width - 2:
        pdf.set_font_size(max(6.0, size * (width - 2) / needed))
    pdf.cell(width, height, cut(pdf, link, width), link=link, new_x="LMARGIN", new_y="NEXT")


def cut(pdf: Paper, text: str, width: float) -> str:
    """The text, shortened to a width; what it links to stays whole."""
    if pdf.get_string_width(text) <= width:
        return text
    while text and pdf.get_string_width(f"{text}…") > width - 1:
        text = text[:-1]
    return f"{text}…"


def printable(text: str) -> str:
    """One line of printable text, with French spaces; a letter the face lacks is drawn as an empty box by readers."""
    text = " ".join(text.split())
    text = "".join(letter for letter in text if letter.isprintable())
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}…"
    # The narrow space is missing from no face of ours, but a word as long as a line must break somewhere.
    return spaced(re.sub(r"(\S{60})(?=\S)", r"\1 ", text))
