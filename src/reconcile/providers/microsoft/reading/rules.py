"""Mail flow rules as Exchange shows them, and what of one is the network's signature."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.resources.resource import Value

Row = Mapping[str, Any]

SELECT = (
    "Name",
    "Guid",
    "State",
    "Mode",
    "Comments",
    "FromScope",
    "SenderDomainIs",
    "ApplyHtmlDisclaimerText",
    "ApplyHtmlDisclaimerFallbackAction",
    "ExceptIfSubjectOrBodyContainsWords",
    "ExceptIfHeaderMatchesMessageHeader",
    "ExceptIfHeaderMatchesPatterns",
    "ExceptIfMessageTypeMatches",
)
#: The pattern of any letter or digit: whatever the header says.
ANYTHING = r"\w"
#: How the comment of every rule of ours begins.
OURS = "reconcile:network"


def list_rules(exchange: Exchange) -> list[Row]:
    """Every mail flow rule, in its order."""
    return list(exchange.rows("Get-TransportRule", SELECT))


def rule_named(exchange: Exchange, name: str) -> Row | None:
    """The rule of that name; None without one. All are listed, for a name nobody knows may be answered with all."""
    return next((row for row in list_rules(exchange) if str(row.get("Name", "")).lower() == name.lower()), None)


def rule_fields(row: Row, asked: Mapping[str, object] | None = None) -> dict[str, Value]:
    """The rule as the fields of kind *signature*. ``asked``: the text wanted, which it has when its comment says that
    this very text was asked for and that Exchange made of it what is there."""
    text = str(row.get("ApplyHtmlDisclaimerText") or "")
    wanted, said = str((asked or {}).get("text", "")), comment_of(row)
    if said.get("asked") == digest_of(wanted) and said.get("made") == digest_of(text):
        text = wanted
    header = str(row.get("ExceptIfHeaderMatchesMessageHeader") or "")
    patterns = _many(row.get("ExceptIfHeaderMatchesPatterns"))
    if header and patterns != [ANYTHING]:
        header = f"{header}: {', '.join(patterns)}"
    return {
        "text": text,
        "senders": tuple(sorted(name.lower() for name in _many(row.get("SenderDomainIs")))),
        "scope": row.get("FromScope") or "",
        "unless_word": ", ".join(_many(row.get("ExceptIfSubjectOrBodyContainsWords"))),
        "unless_header": header,
        "unless_type": row.get("ExceptIfMessageTypeMatches") or "",
        "fallback": row.get("ApplyHtmlDisclaimerFallbackAction") or "",
        "enabled": row.get("State") == "Enabled" and row.get("Mode") == "Enforce",
    }


def comment_of(row: Row | None) -> dict[str, str]:
    """What the comment of a rule of ours says, by name; nothing of a rule that is not ours."""
    said = str((row or {}).get("Comments") or "")
    if not said.startswith(f"{OURS} "):
        return {}
    return dict(part.split("=", 1) for part in said.split()[1:] if "=" in part)


def digest_of(text: str) -> str:
    """Of the text as it stands, but for blanks between words."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:32]


def _many(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)] if value else []
