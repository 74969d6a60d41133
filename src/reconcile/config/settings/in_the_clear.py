"""Connections that anybody on the way could read or change: only to this machine, or when the settings say so. Pure."""

from __future__ import annotations

import ipaddress
from urllib.parse import parse_qs, urlsplit

from reconcile.config.settings.mistake import mistake
from reconcile.language.phrase import Phrase

#: libpq's values of sslmode under which nothing crosses in the clear.
_SECURED = frozenset({"require", "verify-ca", "verify-full"})


def refuse_in_the_clear(what: str, host: str, word: str) -> None:
    """Raise pydantic's error unless ``host`` is this machine. ``word``: the key that would allow it."""
    if not is_loopback(host):
        raise mistake(
            "in_the_clear",
            Phrase(
                "{what} would reach {host} in the clear; secure it, or say {word} = true",
                what=what,
                host=host,
                word=word,
            ),
        )


def postgres_is_secured(url: str) -> bool:
    """Whether a PostgreSQL address asks for TLS, or leads nowhere: libpq's own default falls back to none."""
    parts = urlsplit(url)
    mode = parse_qs(parts.query).get("sslmode", [""])[-1]
    host = parse_qs(parts.query).get("host", [parts.hostname or ""])[-1]
    return mode in _SECURED or not host or host.startswith("/") or is_loopback(host)


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") in ("localhost", "")
