"""Paths and options of Graph's addresses. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode


def segment(text: str) -> str:
    """One path segment: ids, UPNs and domains with what URLs reserve escaped."""
    return quote(text, safe="@!'~")


def query(select: Iterable[str] = (), **options: str | int) -> str:
    """The options of a collection's address, as ``?$top=999&$select=id``."""
    asked = {f"${name}": value for name, value in options.items()}
    if names := ",".join(select):
        asked["$select"] = names
    return f"?{urlencode(asked, safe='$,', quote_via=quote)}" if asked else ""
