"""JSON that others may have written."""

from __future__ import annotations

import json
from typing import Any


def read_json(text: str | bytes) -> Any:
    """The document.

    Raises ValueError when it is none, when it is nested too deeply, and when it holds half a surrogate pair, which is
    no text that could be written to a file or a screen.
    """
    try:
        document = json.loads(text)
        if ("\\u" if isinstance(text, str) else b"\\u") in text:  # type: ignore[operator]
            json.dumps(document, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return document
