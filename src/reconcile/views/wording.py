"""How values are told on a screen, and what parts a sentence. Meaning never rests on colour.

Views of the mail copies need this before their first byte, so plans are not loaded with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Reference, Value

ALARM = "bold red"
DRIFT = "bold magenta"
QUIET = "dim"

#: What a finding means for the switch, by the value of its weight.
WEIGHTS = {"fine": Phrase("fine"), "warns": Phrase("warns"), "blocks": Phrase("blocks")}

_PROVIDERS = {
    "microsoft": Phrase("Microsoft"),
    "dns": Phrase("the DNS"),
    "copies": Phrase("the mail copy"),
    "closing": Phrase("the closing of the old mailboxes"),
    "delivery": Phrase("the delivery"),
    "post": Phrase("the post"),
    "legacy": Phrase("the old host"),
}


def colon(words: Catalogue) -> str:
    """``: ``, after a name that has a colour of its own."""
    return words.say(Phrase(": "))


def semicolon(words: Catalogue) -> str:
    """``; ``, between what is coloured apart."""
    return words.say(Phrase("; "))


def value(known: Value | Reference, words: Catalogue = ENGLISH) -> str:
    """A value on one line, harmless to a terminal. What only the apply can tell says who will tell it."""
    match known:
        case Reference(address):
            told_by = _PROVIDERS[KINDS[address.kind].provider]
            later = Phrase("(from {provider}, once {resource} is done)", provider=told_by, resource=resource(address))
            return words.say(later, plain)
        case None | "" | ():
            return words.say(Phrase("(none)"))
        case bool():
            return words.say(Phrase("yes") if known else Phrase("no"))
        case tuple():
            return ", ".join(plain(item) for item in known)
        case _:
            return plain(str(known))


def plain(text: str) -> str:
    """The text with whatever could move the cursor or turn the line around written as an escape."""
    text = text.replace("##[", "#\\x23[")  # a command to GitHub's and Azure's runners, wherever it stands in a line
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def harmless(text: str) -> str:
    """``plain``, line by line."""
    return "\n".join(map(plain, text.split("\n")))


def resource(address: Address) -> str:
    """A resource named inside its federation: ``mailbox contact@spf55.org``."""
    return f"{address.kind} {plain(address.key)}"


def not_before(due: dt.datetime, zone: dt.tzinfo) -> Phrase:
    """When a change may be carried out."""
    from reconcile.resources.milestones import UNSCHEDULED

    if due == UNSCHEDULED:
        return Phrase("waits for a migration date")
    return Phrase("not before {moment}", moment=moment(due, zone))


def some(names: Sequence[str], most: int) -> str:
    """``a, b and 3 more``: the first of them, and how many there are besides."""
    shown = ", ".join(names[:most])
    more = len(names) - most
    if more <= 0:
        return shown
    return Phrase.counted("{some} and {number} more", "{some} and {number} more", more, some=shown)
