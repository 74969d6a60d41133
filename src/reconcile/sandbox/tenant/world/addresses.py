"""E-mail addresses as a recipient holds them: one primary, aliases, and addresses of other kinds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_SMTP = re.compile(
    r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*@[A-Za-z0-9.-]+\.[A-Za-z0-9-]+"
)


def is_smtp_address(text: str) -> bool:
    """Whether ``text`` is an address Exchange takes: ASCII, one @, a dotted domain."""
    return len(text) <= 320 and _SMTP.fullmatch(text) is not None


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def bare(item: str) -> str:
    """The address without its kind, lower-case."""
    kind, colon, rest = item.partition(":")
    return (rest if colon and "@" not in kind else item).lower()


def kind_of(item: str) -> str:
    """``SMTP``, ``smtp``, ``SIP``…; empty when the item is untyped."""
    kind, colon, _ = item.partition(":")
    return kind if colon and "@" not in kind else ""


def primary_of(items: Iterable[str]) -> str:
    """The primary address as written, or an empty string."""
    return next((item[5:] for item in items if item.startswith("SMTP:")), "")


def smtp_of(items: Iterable[str]) -> list[str]:
    """Every mail address, lower-case, in order."""
    return [item[5:].lower() for item in items if item[:5].lower() == "smtp:"]


def replaced(items: Sequence[str]) -> list[str]:
    """The collection that a full list stands for: without a marked primary the first mail address becomes it.

    Raises ValueError when two are marked.
    """
    typed = [item if kind_of(item) else f"smtp:{item}" for item in items]
    if sum(item.startswith("SMTP:") for item in typed) > 1:
        raise ValueError("more than one primary")
    if not primary_of(typed):
        first = next((place for place, item in enumerate(typed) if item[:5].lower() == "smtp:"), None)
        if first is not None:
            typed[first] = f"SMTP:{typed[first][5:]}"
    return _distinct(typed)


def with_primary(items: Sequence[str], address: str) -> list[str]:
    """``address`` becomes the primary; the former one stays as an alias."""
    others = [item for item in items if item[:5].lower() != "smtp:" or bare(item) != address.lower()]
    return [f"SMTP:{address}", *(f"smtp:{item[5:]}" if item.startswith("SMTP:") else item for item in others)]


def with_added(items: Sequence[str], more: Iterable[str]) -> list[str]:
    result = list(items)
    for item in more:
        if kind_of(item) == "SMTP":
            result = with_primary(result, item[5:])
        else:
            result.append(item if kind_of(item) else f"smtp:{item}")
    return _distinct(result)


def without(items: Sequence[str], fewer: Iterable[str]) -> list[str]:
    gone = {(kind_of(item).lower() or "smtp", bare(item)) for item in fewer}
    return [item for item in items if (kind_of(item).lower(), bare(item)) not in gone]


def _distinct(items: Iterable[str]) -> list[str]:
    kept: dict[tuple[str, str], str] = {}
    for item in items:
        kept.setdefault((kind_of(item).lower(), bare(item)), item)
    return list(kept.values())
