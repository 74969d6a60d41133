"""Which tokens of a mail flow rule the tenant fills in, as a probe has shown. Pure.

Microsoft documents two lists that name phone, street and postal code differently (the page of New-TransportRule, and
the one on message disclaimers), and users report that one of them does not work: only an answer of the tenant tells.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType

#: What a signature says of a mailbox (a field of kind *mailbox*) → the tokens that may say it, the likeliest first.
CANDIDATES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "display_name": ("DisplayName",),
        "job_title": ("Title",),
        "office": ("Office",),
        "street": ("StreetAddress", "Street"),
        "postal_code": ("PostalCode", "ZipCode"),
        "city": ("City",),
        "phone": ("Phone", "PhoneNumber"),
        "website": ("Company",),
        "networks": ("Department",),
    }
)
#: No list names it: what becomes of it tells whether an unknown token stays or vanishes.
UNKNOWN = "NotAToken"


@dataclasses.dataclass(frozen=True, slots=True)
class Proof:
    """What a probe found. ``tokens``: fact → the token that said it. ``unknown_stays``: whether a token nobody knows is
    left in the text. ``escaped``: whether values come escaped as HTML; None when the sender's hold nothing to tell by.
    """

    taken: dt.datetime
    sender: str
    tokens: Mapping[str, str]
    unknown_stays: bool
    escaped: bool | None = None

    @property
    def unproven(self) -> tuple[str, ...]:
        """The facts that no token has been shown to say: a signature leaves them out."""
        return tuple(fact for fact in CANDIDATES if fact not in self.tokens)


#: What both of Microsoft's lists have: good enough for a look, not for a rule.
DOCUMENTED: Mapping[str, str] = MappingProxyType(
    {fact: tokens[0] for fact, tokens in CANDIDATES.items() if len(tokens) == 1}
)
