"""How many of what: each noun with both its forms, for every language counts in its own way."""

from __future__ import annotations

from reconcile.language.phrase import Phrase


def addresses(number: int) -> Phrase:
    return Phrase.counted("{number} address", "{number} addresses", number)


def changes(number: int) -> Phrase:
    return Phrase.counted("{number} change", "{number} changes", number)


def copies(number: int) -> Phrase:
    return Phrase.counted("{number} copy", "{number} copies", number)


def errors(number: int) -> Phrase:
    return Phrase.counted("{number} error", "{number} errors", number)


def federations(number: int) -> Phrase:
    return Phrase.counted("{number} federation", "{number} federations", number)


def mailboxes(number: int) -> Phrase:
    return Phrase.counted("{number} mailbox", "{number} mailboxes", number)


def messages(number: int) -> Phrase:
    return Phrase.counted("{number} message", "{number} messages", number)


def resources(number: int) -> Phrase:
    return Phrase.counted("{number} resource", "{number} resources", number)


def structures(number: int) -> Phrase:
    return Phrase.counted("{number} structure", "{number} structures", number)
