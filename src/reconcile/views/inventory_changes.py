"""Two inventories compared, made visible: what appeared, went and changed; for people and for programs."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator

from rich.text import Text

from reconcile.config.inventory.changes import Comparison, Difference
from reconcile.config.inventory.inventory import LegacyAddress
from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.figures import size
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.views.inventory import KINDS
from reconcile.views.wording import ALARM, QUIET, colon, plain


def comparison(found: Comparison, zone: dt.tzinfo, words: Catalogue = ENGLISH) -> Iterator[Text]:
    """A line for each address that is not what it was, and one for what the mailboxes gained."""
    before, after = (words.say(moment(one.taken, zone)) for one in (found.before, found.after))
    yield Text(found.after.federation, "bold").append(f" · {before} → {after}", "default")
    for one in found.appeared:
        told = _told(one, Phrase("made since"), words)
        yield Text(f"  + {plain(one.address)}", "green").append(told, "default")
    for one in found.gone:
        told = _told(one, Phrase("no longer there"), words)
        yield Text(f"  - {plain(one.address)}", ALARM).append(told, "default")
    for one in found.unseen:
        told = _told(one, Phrase("not seen; the later reading was not complete"), words)
        yield Text(f"  ? {plain(one.address)}", "yellow").append(told, "default")
    for change in found.changed:
        told = f"  {change.fact}{colon(words)}{_value(change.before, words)} → {_value(change.after, words)}"
        yield Text(f"  ~ {plain(change.address)}", "yellow").append(told, "default")
    if found.same_addresses:
        yield Text(f"  {words.say(Phrase('The same addresses.'))}")
    gained = sum(_bytes(change.after) - _bytes(change.before) for change in found.grown)
    if gained:
        yield Text(f"  {words.say(_gained(gained, len(found.grown)))}", QUIET)


def comparison_object(found: Comparison) -> str:
    """One JSON object; its keys are stable."""
    document = {
        "format": 1,
        "federation": found.after.federation,
        "from": found.before.taken.isoformat(timespec="seconds"),
        "to": found.after.taken.isoformat(timespec="seconds"),
        "appeared": [one.address for one in found.appeared],
        "gone": [one.address for one in found.gone],
        "unseen": [one.address for one in found.unseen],
        "changed": [_object(change) for change in found.changed],
        "grown": [_object(change) for change in found.grown],
    }
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True)


def _object(change: Difference) -> dict[str, object]:
    return dataclasses.asdict(change)


def _told(one: LegacyAddress, what: Phrase, words: Catalogue) -> str:
    described: str = KINDS[one.kind]
    if one.targets:
        described = Phrase("{kind} to {targets}", kind=described, targets=", ".join(one.targets))
    return f"  {words.say(described, plain)}{colon(words)}{words.say(what)}"


def _gained(gained: int, mailboxes: int) -> Phrase:
    if gained > 0:
        return Phrase.counted(
            "{size} more in {number} mailboxes", "{size} more in {number} mailboxes", mailboxes, size=size(gained)
        )
    return Phrase.counted(
        "{size} less in {number} mailboxes", "{size} less in {number} mailboxes", mailboxes, size=size(-gained)
    )


def _value(value: object, words: Catalogue) -> str:
    match value:
        case ():
            return words.say(Phrase("(none)"))
        case tuple():
            return plain(", ".join(value))
        case bool():
            return words.say(Phrase("yes") if value else Phrase("no"))
    return plain(str(value))


def _bytes(value: object) -> int:
    return value if isinstance(value, int) else 0
