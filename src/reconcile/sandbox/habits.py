"""What has grown on an old host over the years and stands in no file: the reason why an inventory is made."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

_ABSENCE = """\
require ["vacation"];
# rule:[Absence]
vacation :days 7 :subject "Absence" "Je suis en congés, écrivez à l'accueil.";
"""
_SORTING = """\
require ["copy", "fileinto"];
# rule:[Copie à la maison]
redirect :copy "{home}";
# rule:[Ancienne règle]
if false {{ fileinto "Corbeille"; }}
"""


@dataclasses.dataclass(frozen=True, slots=True)
class LegacyBox:
    """A mailbox of the old host and the login that opens it; ``named``: by a federation file."""

    address: str
    login: str
    named: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class LegacyPublicFolder:
    """A public folder of the old host, the address whose mail it will be, and a login that sees it."""

    name: str
    address: str
    login: str


@dataclasses.dataclass(frozen=True, slots=True)
class LegacyForward:
    """An address whose messages go elsewhere; a catch-all is written ``@domain``."""

    address: str
    targets: tuple[str, ...]
    named: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class LegacyFilter:
    """A Sieve script that runs on what a mailbox receives."""

    login: str
    name: str
    script: str


@dataclasses.dataclass(frozen=True, slots=True)
class Habits:
    boxes: tuple[LegacyBox, ...] = ()
    forwards: tuple[LegacyForward, ...] = ()
    filters: tuple[LegacyFilter, ...] = ()


def habits(domain: str, boxes: Sequence[LegacyBox], known: Collection[str]) -> Habits:
    """What a domain whose mailboxes are ``boxes`` has besides: a forgotten mailbox, an alias, a forward to an outside
    address, a list, a catch-all, an automatic reply and a filter. Nothing of it is among the addresses ``known``."""
    if not boxes:
        return Habits()
    first, last = boxes[0], boxes[-1]
    home = f"{first.address.partition('@')[0]}@orange.example"
    forgotten = LegacyBox(f"braderie2019@{domain}", f"braderie2019@{domain}", named=False)
    forwards = (
        LegacyForward(f"bureau@{domain}", (first.address,), named=False),
        LegacyForward(f"tresorier@{domain}", (f"tresorier.{domain.partition('.')[0]}@free.example",), named=False),
        LegacyForward(f"benevoles@{domain}", tuple(dict.fromkeys((first.address, last.address, home))), named=False),
        LegacyForward(f"@{domain}", (last.address,), named=False),
    )
    return Habits(
        boxes=() if forgotten.address in known else (forgotten,),
        forwards=tuple(one for one in forwards if one.address not in known),
        filters=(
            LegacyFilter(first.login, "roundcube", _SORTING.format(home=home)),
            LegacyFilter(last.login, "absence", _ABSENCE),
        )[: 1 + (first != last)],
    )
