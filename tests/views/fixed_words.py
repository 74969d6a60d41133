"""A language in which every fixed word is drawn as dots, so that what is left on a page was written by somebody."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterable

from rich.text import Text

from reconcile.language.catalogue import Catalogue


class _Dots(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        return _drawn(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return _drawn(msgid1 if n == 1 else msgid2)


def _drawn(template: str) -> str:
    """The template with its fields, and a dot for each letter of it."""
    return re.sub(r"(\{[^{}]*\})|[^\W\d_]", lambda found: found[1] or "·", template)


DOTS = Catalogue("fr", _Dots())


def left_over(lines: Iterable[Text | str], data: str) -> set[str]:
    """The words of a page that neither the catalogue nor these data hold."""
    page = "\n".join(line if isinstance(line, str) else line.plain for line in lines)
    return set(_WORD.findall(page)) - set(_WORD.findall(data))


_WORD = re.compile(r"[^\W\d_]{2,}")
