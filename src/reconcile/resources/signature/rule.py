"""The rule that signs: its text, its conditions, and the resource they make. Pure.

No condition on a fact exists, so an empty one must leave nothing odd behind: no label, several facts on a line with
blanks between them, and each line opens or ends with what is always there.
"""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping

from reconcile.config.settings.tables.tenant.signature import Signature
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.resources.address import NETWORK, Address
from reconcile.resources.resource import Desired
from reconcile.resources.signature.proof import Proof

#: Microsoft's page New-TransportRule: characters of ApplyHtmlDisclaimerText; and a rule's 8 KB, of which we leave some.
LONGEST_TEXT, LARGEST_RULE = 5_000, 7_500

#: The header of our own letters, which say themselves who writes.
LETTER_HEADER = "X-SPF-Letter"

_LINES = (("display_name", "job_title"), ("office", "street", "postal_code", "city"), ("phone", "website", "networks"))
_BOLD = ("display_name", "office")


def signature_rule(signature: Signature, proof: Proof, domains: Collection[str]) -> Desired:
    """The network's signature. ``domains``: those whose mailboxes it signs.

    Raises Problem SIG03 when the rule would be larger than Exchange takes.
    """
    text = rule_text(signature, proof.tokens)
    size = len(text.encode()) + sum(len(domain) + 2 for domain in domains)
    if len(text) >= LONGEST_TEXT or size > LARGEST_RULE:
        message = Phrase(
            "The rule would have {number} characters, {size} bytes with its {number2} domains.",
            number=len(text),
            size=size,
            number2=len(domains),
        )
        raise Problem("SIG03", message, "shorten [signature]; Exchange takes 5,000 characters and about 8 KB")
    return Desired(
        Address(NETWORK, "signature", signature.name),
        {
            "text": text,
            "senders": tuple(sorted(domains)),
            "scope": "InOrganization",
            "unless_word": signature.mark,
            "unless_header": LETTER_HEADER,
            "unless_type": "Calendaring",
            "fallback": "Ignore",
            "enabled": True,
        },
    )


def rule_text(signature: Signature, tokens: Mapping[str, str]) -> str:
    """The HTML that the tenant adds, with its tokens; a fact without one is left out."""
    lines = []
    for facts in _LINES:
        parts = [_part(fact, tokens[fact], signature.colour) for fact in facts if fact in tokens]
        if parts:
            lines.append(" ".join(parts))
    footer = f'<span style="color:#767676">{html.escape(signature.organisation)} · Réf. {signature.mark}</span>'
    if lines and len(lines) == len(_LINES):
        lines[-1] = f"{lines[-1]} {footer}"  # phone, site and networks may all be empty: the line never is
    else:
        lines.append(footer)
    image = ""
    if signature.logo:
        image = f'<br><img src="{html.escape(signature.logo)}" alt="{html.escape(signature.organisation)}" height="48">'
    style = "font-family:Arial,sans-serif;font-size:13px;color:#333333"
    return f'<!-- {signature.mark} --><div style="{style}"><br>{"<br>".join(lines)}{image}</div>'


def _part(fact: str, token: str, colour: str) -> str:
    if fact in _BOLD:
        return f'<b style="color:{colour}">%%{token}%%</b>'
    return f"<span>%%{token}%%</span>"
