"""What somebody's messages end with, as HTML and as text: the rule's text filled in as the tenant fills it. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping

from reconcile.resources.resource import Reference, Value

Fields = Mapping[str, Value | Reference]


def signature_html(text: str, tokens: Mapping[str, str], fields: Fields) -> str:
    """``text`` with each token replaced by what the mailbox has; ``tokens``: fact → token."""
    facts = {token: fact for fact, token in tokens.items()}

    def value(found: re.Match[str]) -> str:
        fact = facts.get(found[1])
        said = fields.get(fact) if fact else found[0]
        return html.escape(said, quote=True) if isinstance(said, str) else ""

    return re.sub("%%([A-Za-z0-9]+)%%", value, text)


def signature_text(markup: str) -> str:
    """The same in a message of plain text, which the tenant makes of the HTML."""
    bare = re.sub("<!--.*?-->", "", markup, flags=re.DOTALL)
    bare = html.unescape(re.sub("<[^>]+>", "", re.sub("<br>|</div>", "\n", bare)))
    lines = (re.sub(r"[ \t]+", " ", line).strip() for line in bare.split("\n"))
    return "\n".join(line for line in lines if line)


def page(signatures: Iterable[tuple[str, str]]) -> str:
    """One page to look at: each address with its signature. No script, nothing fetched but the network's own image."""
    blocks = (f"<h2>{html.escape(address)}</h2>{markup}" for address, markup in signatures)
    head = (
        '<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Signatures</title>'
        "<style>body{font-family:Arial,sans-serif;margin:2em}h2{font-size:14px;margin:2em 0 0}</style></head>"
    )
    return f"{head}<body><h1>Signatures</h1>{''.join(blocks)}</body></html>\n"
