"""The light markup of letters (CommonMark without HTML, images or code), as HTML for mail programs and as plain text.

What is not in the markup cannot be in a letter: no script, no style of its own, nothing fetched from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from reconcile.documents.french import spaced

_KNOWN = ("paragraph", "list", "heading", "emphasis", "link", "escape", "entity", "newline", "text", "inline")
_STYLES = {
    "p": "margin:0 0 14px 0;",
    "h2": "margin:22px 0 8px 0;font-size:17px;line-height:1.3;color:#be1622;",
    "ul": "margin:0 0 14px 0;padding-left:22px;",
    "ol": "margin:0 0 14px 0;padding-left:22px;",
    "li": "margin:0 0 6px 0;",
    "a": "color:#be1622;",
}
_SPECIAL = re.compile(r"([!-/:-@\[-`{-~])")


def escaped(value: str) -> str:
    """A value as text of the markup: nothing in it is markup, and it stays on its line."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in value).split())
    return _SPECIAL.sub(r"\\\1", line)


def as_html(text: str) -> str:
    """The body in HTML, each element styled by itself: mail programs know no style sheet."""
    parser = _parser()
    tokens = parser.parse(text)
    for token in _all(tokens):
        if token.tag in _STYLES and token.nesting == 1:
            token.attrSet("style", _STYLES[token.tag])
        if token.type == "text":
            token.content = spaced(token.content)
    return str(parser.renderer.render(tokens, parser.options, {})).strip()


def as_text(text: str) -> str:
    """The same as plain text: a link is its words and its address, a list keeps its marks, a line is a paragraph."""
    lines: list[str] = []
    numbers: list[int | None] = []
    mark = ""
    for token in _parser().parse(text):
        match token.type:
            case "bullet_list_open":
                numbers.append(None)
            case "ordered_list_open":
                numbers.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                numbers.pop()
                mark = mark if numbers else ""
                if not numbers:
                    lines.append("")
            case "list_item_open":
                number = numbers[-1]
                mark = "  " * (len(numbers) - 1) + ("- " if number is None else f"{number}. ")
                if number is not None:
                    numbers[-1] = number + 1
            case "inline":
                lines.append(mark + spaced(_plain(token.children or ())))
                mark = " " * len(mark)
                if not numbers:
                    lines.append("")
            case _:
                pass
    return "\n".join(lines).strip() + "\n"


def one_line(text: str) -> str:
    """A line of the markup as plain text, for a subject."""
    [inline] = [token for token in _parser().parseInline(text) if token.type == "inline"]
    return " ".join(_plain(inline.children or ()).split())


def _parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": False, "breaks": False}).enable([*_KNOWN, "lheading"], ignoreInvalid=True)
    parser.disable("lheading")  # a line of dashes is typed for the eye, not for a title
    parser.validateLink = _followed  # type: ignore[method-assign, assignment]
    return parser


def _followed(link: str) -> bool:
    return re.match(r"(?:https?://|mailto:)", link, re.IGNORECASE) is not None


def _all(tokens: Iterable[Token]) -> Iterable[Token]:
    for token in tokens:
        yield token
        yield from token.children or ()


def _plain(children: Sequence[Token]) -> str:
    said, link, words = "", "", ""
    for child in children:
        match child.type:
            case "link_open":
                link, words = str(child.attrGet("href") or ""), ""
            case "link_close":
                said += link if words.strip() in (link, link.removeprefix("mailto:")) else f"{words} : {link}"
                link = ""
            case "softbreak" | "hardbreak":
                said, words = (said, f"{words} ") if link else (f"{said} ", words)
            case "text" | "text_special":
                said, words = (said, words + child.content) if link else (said + child.content, words)
            case _:
                pass
    return said
