"""Text without what cannot be seen, and the same without what makes no difference."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\x00-\x08\x0e-\x1f\x7f-\x9f]")
_QUOTES = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'", "“": '"', "”": '"', "«": '"', "»": '"'})
#: What people write for "as above".
_DITTO = frozenset(('"', "''", "//", "idem", "id", "id.", "〃", '-"-', "ditto"))


def clean(text: str) -> str:
    """One line, composed accents, single ordinary spaces, nothing invisible."""
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", text.replace("_x000D_", " ")))
    return re.sub(r"\s+", " ", text).strip()


def folded(text: str) -> str:
    """For comparing: without accents, case, typographic quotes."""
    plain = unicodedata.normalize("NFD", clean(text).translate(_QUOTES))
    return "".join(one for one in plain if not unicodedata.combining(one)).casefold()


def is_ditto(text: str) -> bool:
    return folded(text) in _DITTO
