"""How actions are said on a screen: a sign and a word, in a colour that meaning does not rest on."""

from __future__ import annotations

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.phrase import Phrase
from reconcile.planning.plan.plan import Action

STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.DELETE: "bold red",
    Action.ADOPT: "cyan",
    Action.FORGET: "dim",
}
#: What is done, as one is told to do it.
VERBS = {
    Action.CREATE: Phrase("create"),
    Action.UPDATE: Phrase("update"),
    Action.DELETE: Phrase("delete"),
    Action.ADOPT: Phrase("adopt"),
    Action.FORGET: Phrase("forget"),
}


def verb(action: Action, words: Catalogue = ENGLISH) -> Text:
    """``+ create``, in its colour; words line up."""
    longest = max(len(words.say(one)) for one in VERBS.values())
    return Text(f"{action.value} {words.say(VERBS[action]):<{longest}}", STYLES[action])


def to_do(action: Action, number: int) -> Phrase:
    """``3 to create``"""
    match action:
        case Action.CREATE:
            return Phrase("{number} to create", number=number)
        case Action.UPDATE:
            return Phrase("{number} to update", number=number)
        case Action.DELETE:
            return Phrase("{number} to delete", number=number)
        case Action.ADOPT:
            return Phrase("{number} to adopt", number=number)
        case Action.FORGET:
            return Phrase("{number} to forget", number=number)
