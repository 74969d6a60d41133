"""What a letter's HTML may hold: words, tables, their style and links. Nothing that runs, nothing that is fetched."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_TAGS = frozenset(
    (
        *(
            "html",
            "head",
            "meta",
            "title",
            "body",
            "table",
            "thead",
            "tbody",
            "tr",
            "td",
            "th",
            "div",
            "span",
            "center",
        ),
        *("p", "br", "hr", "a", "b", "i", "u", "strong", "em", "small", "ul", "ol", "li", "h1", "h2", "h3"),
    )
)
_ATTRIBUTES = frozenset(
    (
        *("align", "bgcolor", "border", "cellpadding", "cellspacing", "class", "color", "colspan", "dir", "height"),
        *("href", "id", "lang", "role", "rowspan", "scope", "start", "style", "title", "valign", "width"),
    )
)
_META = frozenset({"charset", "name", "content", "http-equiv"})
_STYLE = re.compile(r"url\s*\(|expression|@import|javascript:|-moz-binding|behavior|\\", re.IGNORECASE)
_LINK = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)


def objection(html: str) -> str:
    """Why this page may not be sent as a letter; "" when it may."""
    judge = _Judge()
    judge.feed(html)
    judge.close()
    return judge.why


class _Judge(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.why = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self._object(f"<{tag}> has no place in a letter")
        for name, value in attrs:
            self._attribute(tag, name, value or "")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        if tag == "meta" and name in _META:
            if name == "http-equiv" and value.lower() != "content-type":
                self._object(f'<meta http-equiv="{value}"> has no place in a letter')
        elif name not in _ATTRIBUTES:
            self._object(f"the attribute {name} has no place in a letter")
        elif name == "href" and not _LINK.match(value.strip()):
            self._object(f"a link leads to {value!r}, not to a page nor to an address")
        elif name == "style" and _STYLE.search(value):
            self._object("a style fetches something or runs something")

    def handle_comment(self, data: str) -> None:
        self._object("a comment, in which Outlook runs conditions, has no place in a letter")

    def handle_pi(self, data: str) -> None:
        self._object("<?…> has no place in a letter")

    def _object(self, why: str) -> None:
        self.why = self.why or why
