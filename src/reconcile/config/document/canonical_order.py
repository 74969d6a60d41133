"""In which order the keys of a federation file stand: that of the models, which is that of the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from reconcile.config.federation.models import (
    Alias,
    Contact,
    Delegate,
    Directory,
    FederationFile,
    Legacy,
    Mailbox,
    Migration,
    NotMigrated,
    SurchargeTold,
)
from reconcile.config.federation.structure import Structure

#: A section's place: its keys from the file's own down, "*" for any mailbox and any element of a list.
Place = tuple[str, ...]


def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items())


_ORDER: Mapping[Place, Sequence[str]] = {
    (): _keys(FederationFile),
    ("contact",): _keys(Contact),
    ("migration",): _keys(Migration),
    ("migration", "surcharge_told"): _keys(SurchargeTold),
    ("legacy",): _keys(Legacy),
    ("structures", "*"): _keys(Structure),
    ("mailboxes", "*"): _keys(Mailbox),
    ("mailboxes", "*", "directory"): _keys(Directory),
    ("mailboxes", "*", "aliases", "*"): _keys(Alias),
    ("mailboxes", "*", "delegates", "*"): _keys(Delegate),
    ("not_migrated", "*"): _keys(NotMigrated),
}


def rank(place: Place, key: str) -> int:
    """Where a key stands in its section. What the models do not know, and mailboxes, stay in the order they have."""
    known = _ORDER.get(place, ())
    return known.index(key) if key in known else len(known)


def below(place: Place, key: str) -> Place:
    """The place of what stands under that key."""
    return (*place, "*" if place == ("mailboxes",) else key)
