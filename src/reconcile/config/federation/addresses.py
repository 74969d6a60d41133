"""Mail addresses and domain names as a federation file may write them."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from reconcile.config.federation.scalars import refuse, shown
from reconcile.language.phrase import Phrase

# RFC 5321 §4.1.2 (dot-string) and RFC 1035 §2.3.1, without quoted local parts: nobody has one, Exchange refuses them.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
DOMAIN_PATTERN = rf"^(?:{_LABEL}\.)+{_LABEL}$"
ADDRESS_PATTERN = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}$"

_ADDRESS = re.compile(ADDRESS_PATTERN)


def _domain(text: str) -> str:
    name = text.strip().lower()
    if not re.fullmatch(DOMAIN_PATTERN, name) or any(len(label) > 63 for label in name.split(".")) or len(name) > 253:
        refuse("SPF105", Phrase("{text} is not a domain name", text=shown(text)), "write it like spf55.org")
    return name


def _address(text: str) -> str:
    address = text.strip().lower()
    if not _ADDRESS.fullmatch(address):
        refuse("SPF106", Phrase("{text} is not a mail address", text=shown(text)), _address_hint(address))
    local, _, domain = address.rpartition("@")
    if len(local) > 64 or len(domain) > 253 or (len(domain) > 63 and any(len(x) > 63 for x in domain.split("."))):
        refuse(
            "SPF106",
            Phrase("{text} is too long for a mail address", text=shown(text)),
            "64 characters at most before the @",
        )
    return address


def _address_hint(address: str) -> str:
    local, at, domain = address.partition("@")
    if not at:
        return Phrase("an address has an @ and a domain")
    if not local.isascii() or not domain.isascii():
        return Phrase("an address has no accent: é, è or ç become e, e, c")
    if " " in address:
        return Phrase("an address has no space")
    if "@" in domain:
        return Phrase("an address has one @")
    if ".." in address or local.startswith(".") or local.endswith("."):
        return Phrase("two dots never follow each other, and none stands first or last before the @")
    return Phrase("write it like prenom.nom@spf55.org")


Domain = Annotated[
    str,
    AfterValidator(_domain),
    WithJsonSchema(
        {"type": "string", "pattern": DOMAIN_PATTERN, "patternErrorMessage": "A domain name, like spf55.org"}
    ),
]
EmailAddress = Annotated[
    str,
    AfterValidator(_address),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": ADDRESS_PATTERN,
            "patternErrorMessage": "A mail address without accent, like prenom.nom@spf55.org",
        }
    ),
]
