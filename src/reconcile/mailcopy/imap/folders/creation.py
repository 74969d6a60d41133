"""Makes the folders that the new mailbox lacks, and subscribes to those the old one subscribes to."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from reconcile.language.phrase import Phrase
from reconcile.mailcopy.imap.folder_list import Layout
from reconcile.mailcopy.imap.folder_names import decoded, encoded
from reconcile.mailcopy.imap.folders.mapping import Route
from reconcile.mailcopy.imap.grammar import quoted, readable
from reconcile.mailcopy.imap.session import Session


def create_folders(
    destination: Session, routes: Sequence[Route], old: Layout, new: Layout
) -> tuple[list[Route], dict[str, str]]:
    """The routes whose folders hold mail and exist now, and old folder → why its new one could not be made.

    Raises ``ConnectionLost``.
    """
    made, failed = list(routes), dict[str, str]()
    missing = [n for n, route in enumerate(made) if route.holds_mail and not route.exists]
    lacking = [n for n, r in enumerate(made) if r.source in old.subscribed and r.destination not in new.subscribed]
    refused = _carried_out(destination, [(b"CREATE", made, missing), (b"SUBSCRIBE", made, lacking)])
    for n, why in refused[0].items():
        # A name the server keeps for itself, perhaps in another language: once more under another.
        made[n] = dataclasses.replace(made[n], destination=encoded(decoded(made[n].destination) + " (mail)"))
        again = [n] if n in lacking else []
        if _carried_out(destination, [(b"CREATE", made, [n]), (b"SUBSCRIBE", made, again)])[0]:
            failed[made[n].label] = Phrase("the new server does not create the folder: {why}", why=why)
    return [route for route in made if route.holds_mail and route.label not in failed], failed


def _carried_out(
    destination: Session, wanted: Sequence[tuple[bytes, Sequence[Route], Sequence[int]]]
) -> list[dict[int, str]]:
    """Carry out each verb on the destinations of some routes, all in one burst; which were refused it, and why."""
    asked = [verb + b" " + quoted(routes[n].destination) for verb, routes, numbers in wanted for n in numbers]
    answers = iter(destination.commands.run(asked) if asked else ())
    return [
        {
            n: readable(answer)
            for n, answer in zip(numbers, answers, strict=False)
            if not answer.upper().startswith(b"OK") and b"[ALREADYEXISTS]" not in answer.upper()
        }
        for _, _, numbers in wanted
    ]
