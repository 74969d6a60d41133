"""A DKIM key record (RFC 6376 §3.6.1). Pure."""

from __future__ import annotations


def dkim_key(text: str) -> str | None:
    """The public key a TXT holds: "" when it is revoked (an empty ``p=``), None when the text is no key record."""
    tags: dict[str, str] = {}
    for tag in text.split(";"):
        name, equals, value = tag.partition("=")
        if equals:
            tags.setdefault(name.strip(), "".join(value.split()))
    if tags.get("v", "DKIM1") != "DKIM1":
        return None
    return tags.get("p")
