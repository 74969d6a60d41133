"""What the outside world holds on the first day."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.sandbox.corpus import mail_from
from reconcile.sandbox.habits import LegacyBox, LegacyFilter, LegacyForward, LegacyPublicFolder


@dataclasses.dataclass(frozen=True, slots=True)
class Seed:
    """What the world holds on the first day.

    ``zones``: each federation's domain and its subdomains. ``servers``: the names federation files give the old host.
    ``mail``: folders of .eml files that fill an old mailbox, by address, in place of invented mail. ``messages``: how
    many to invent for each of the others; 15 to 60 when not said. ``forwards`` and ``filters``: what else the old host
    does for its addresses. ``seats``: licences bought, E1 and E3, where the usual number is too small. ``public``:
    folders there that every login sees.
    """

    zones: Mapping[str, Sequence[str]]
    legacy: Sequence[LegacyBox]
    servers: Sequence[str] = ("mutualise",)
    mail: Mapping[str, Path] = dataclasses.field(default_factory=dict)
    messages: int | None = None
    forwards: Sequence[LegacyForward] = ()
    filters: Sequence[LegacyFilter] = ()
    seats: Mapping[str, int] = dataclasses.field(default_factory=dict)
    public: Sequence[LegacyPublicFolder] = ()


def check_mail(seed: Seed) -> None:
    """Every folder of mail named belongs to an old mailbox, and exists, before anything starts."""
    known = [box.address for box in seed.legacy]
    for address, folder in seed.mail.items():
        if address not in known:
            near = difflib.get_close_matches(address, known, 1)
            hint = (
                Phrase("did you mean {near}?", near=near[0])
                if near
                else "only mailboxes with mail to copy, by their address"
            )
            raise Problem("SBX21", Phrase("The old host has no mailbox {address}.", address=address), hint)
        next(mail_from(folder))
