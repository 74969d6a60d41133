"""The world that the federations of a folder live in before anything is migrated."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session

if TYPE_CHECKING:
    from reconcile.config.federation.federation import Federation
    from reconcile.sandbox.first_day import Seed
    from reconcile.sandbox.habits import LegacyBox, LegacyForward, LegacyPublicFolder


def seed_of(session: Session, mail: Mapping[str, Path]) -> Seed:
    """The world these federations live in before anything is migrated."""
    from reconcile.config.load import load_federations
    from reconcile.sandbox.first_day import Seed
    from reconcile.sandbox.habits import habits

    federations = load_federations(session.federations).select()
    boxes = [(federation, tuple(_old_boxes(federation))) for federation in federations]
    grown = [habits(one.file.domain, held, [box.address for box in held] + _aliases(one)) for one, held in boxes]
    named = (forward for federation in federations for forward in _old_aliases(federation))
    return Seed(
        zones={federation.file.domain: federation.file.subdomains for federation in federations},
        legacy=(*(box for _, held in boxes for box in held), *(box for one in grown for box in one.boxes)),
        servers=tuple(sorted({one.file.legacy.server for one in federations if one.file.legacy})) or ("mutualise",),
        mail=mail,
        forwards=(*named, *(forward for one in grown for forward in one.forwards)),
        filters=tuple(script for one in grown for script in one.filters),
        seats=_seats(federations),
        public=tuple(folder for federation in federations for folder in _public_folders(federation)),
    )


def _seats(federations: Iterable[Federation]) -> dict[str, int]:
    """As many licences as the files ask for and some more, and no fewer than a small network has."""
    asked = collections.Counter(box.licence for one in federations for box in one.file.mailboxes.values())
    return {"E1": max(60, asked["E1"] + 30), "E3": max(30, asked["E3"] + 20)}


def _old_boxes(federation: Federation) -> Iterable[LegacyBox]:
    """Who has a mailbox on the old host: all but the new ones, aliases that had their own, and those left behind."""
    from reconcile.sandbox.habits import LegacyBox

    for address, mailbox in federation.file.mailboxes.items():
        if not (mailbox.new or mailbox.public_folder):
            old = mailbox.was or address
            yield LegacyBox(old, mailbox.legacy_login or old)
        yield from (
            LegacyBox(alias.address, alias.address) for alias in mailbox.aliases if alias.legacy_mail == "merge"
        )
    yield from (LegacyBox(left.address, left.address) for left in federation.file.not_migrated)


def _public_folders(federation: Federation) -> Iterable[LegacyPublicFolder]:
    from reconcile.sandbox.habits import LegacyPublicFolder

    for address, mailbox in federation.file.mailboxes.items():
        if mailbox.public_folder and not mailbox.new:
            old = mailbox.was or address
            yield LegacyPublicFolder(mailbox.public_folder, old, mailbox.legacy_login or old)


def _old_aliases(federation: Federation) -> Iterable[LegacyForward]:
    """The aliases that are aliases already."""
    from reconcile.sandbox.habits import LegacyForward

    for address, mailbox in federation.file.mailboxes.items():
        for alias in mailbox.aliases:
            if alias.legacy_mail is None and not mailbox.new:
                yield LegacyForward(alias.address, (address,))


def _aliases(federation: Federation) -> list[str]:
    return [alias.address for mailbox in federation.file.mailboxes.values() for alias in mailbox.aliases]
