"""A column that says why in English, and the one beside it that says of what that was made."""

from __future__ import annotations

import json

from reconcile.language.made_of import made_of, told_again
from reconcile.strict_json import read_json


def kept(text: str) -> str:
    """What the sentence was made of, as JSON; "" for nothing."""
    parts = made_of(text)
    return json.dumps(parts) if parts else ""


def again(text: str, parts: str) -> str:
    """The sentence as it was before ``kept``; the text alone where these parts do not make it."""
    try:
        return told_again(text, read_json(parts)) if parts else text
    except ValueError:
        return text
