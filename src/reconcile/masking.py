"""A secret that somebody quotes back, taken out of what is shown, in every way it may have been written on the way."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

#: Characters below which a piece of a secret is not looked for: it would be found everywhere.
_SHORTEST = 3


def masked(text: str, *secrets: str) -> str:
    """The text with each secret replaced by "…": as it is, as a quoted string of IMAP, of JSON or of a URL, in base64,
    in another encoding, with its blanks folded."""
    for written in sorted({way for secret in secrets for way in _ways(secret)}, key=len, reverse=True):
        text = text.replace(written, "…")
    return text


def _ways(secret: str) -> set[str]:
    escaped = secret.replace("\\", "\\\\").replace('"', '\\"')
    encoded = secret.encode("utf-8", "surrogatepass")
    ways = {
        secret,
        escaped,
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        quote(encoded, safe=""),
        base64.b64encode(encoded).decode(),
        encoded.decode("latin-1"),
        secret.encode("latin-1", "replace").decode("utf-8", "replace"),
        secret.encode("ascii", "backslashreplace").decode(),
    }
    ways |= {" ".join(way.split()) for way in ways}
    return {way for way in ways if len(way) >= _SHORTEST or (way == secret and way)}
