"""A sentence that remembers what it was made of."""

from __future__ import annotations

import datetime as dt
import numbers
from collections.abc import Iterable, Mapping

_KEPT = (str, numbers.Number, dt.date, dt.time)


class Phrase(str):
    """An English sentence, and the template and values it was made of, by which a catalogue says it in French.

    It is an ordinary ``str`` everywhere else: compared, sorted, written to JSON and to logs as its English sentence.
    The template is ``str.format``'s, its fields plain names; it must be written in the call, where ``make messages``
    finds it. A value that is itself a sentence or a Phrase is translated with it; any other is shown as it is. Of
    what is no text, number or date it keeps the text, so that it can be kept and sent anywhere.
    """

    template: str
    values: Mapping[str, object]
    #: The template for several, and of how many it tells; None for a phrase that counts nothing.
    plural: tuple[str, int] | None = None

    def __new__(cls, template: str, /, **values: object) -> Phrase:
        kept = {name: value if isinstance(value, _KEPT) else sentence_of(value) for name, value in values.items()}
        self = super().__new__(cls, template.format_map(kept))
        self.template, self.values = template, kept
        return self

    @classmethod
    def counted(cls, one: str, many: str, number: int, /, **values: object) -> Phrase:
        """``one`` for a number of one, else ``many``; both may show it, as ``{number}``."""
        values = {"number": number, **values}
        self = cls(one if number == 1 else many, **values)
        self.template, self.plural = one, (many, number)
        return self

    @classmethod
    def joined(cls, between: str, parts: Iterable[str]) -> Phrase:
        """The parts in a row, each translated on its own. ``between`` is punctuation, which nobody translates."""
        values = {f"part{position}": part for position, part in enumerate(parts)}
        return cls(between.replace("{", "{{").replace("}", "}}").join(f"{{{name}}}" for name in values), **values)

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (self.template, self.plural, dict(self.values))


def sentence_of(value: object) -> str:
    """An exception's sentence stays what it is: ``str`` would make plain text of it."""
    if isinstance(value, Exception) and len(value.args) == 1 and isinstance(value.args[0], Phrase):
        return value.args[0] if value.args[0] == str(value) else str(value)
    return str(value)


def _again(template: str, plural: tuple[str, int] | None, values: Mapping[str, object]) -> Phrase:
    """A phrase as it was before it was pickled or copied."""
    if plural is None:
        return Phrase(template, **values)
    many, number = plural
    return Phrase.counted(template, many, number, **values)
