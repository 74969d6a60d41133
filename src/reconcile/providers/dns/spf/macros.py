"""Macros of an SPF term (RFC 7208 §7) that depend on the domain alone, and so can be judged before any mail. Pure."""

from __future__ import annotations

import re

_DOMAIN = re.compile(r"%\{d([1-9][0-9]*)?(r?)([.\-+,/_=]*)\}", re.IGNORECASE)


def expanded(text: str, domain: str) -> str:
    """``text`` with ``%{d}`` and its transformers replaced for the record of ``domain``.

    A text that depends on the sender too (``%{i}``, ``%{s}``…) comes back as it is, its ``%`` in it.
    """
    if "%" not in text:
        return text
    known = _DOMAIN.sub(lambda found: _transformed(domain, found[1], found[2], found[3]), text)
    return text if "%{" in known else known.replace("%_", " ").replace("%-", "%20").replace("%%", "%")


def _transformed(domain: str, digits: str | None, reverse: str, delimiters: str) -> str:
    parts = re.split(f"[{re.escape(delimiters or '.')}]", domain)
    if reverse:
        parts.reverse()
    return ".".join(parts[-int(digits) :] if digits else parts)
