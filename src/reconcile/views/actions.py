"""How actions are said on a screen: a sign and a word, in a colour that meaning does not rest on."""

from __future__ import annotations

from rich.text import Text

from reconcile.planning.plan.plan import Action

STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.DELETE: "bold red",
    Action.ADOPT: "cyan",
    Action.FORGET: "dim",
}


def verb(action: Action) -> Text:
    """``+ create``, in its colour; words line up."""
    return Text(f"{action.value} {action.name.lower():<6}", STYLES[action])
