"""Two inventories compared, made visible: what appeared, went and changed; for people and for programs."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterator

from rich.text import Text

from reconcile.config.inventory.changes import Comparison, Difference
from reconcile.config.inventory.inventory import LegacyAddress
from reconcile.views.inventory import volume
from reconcile.views.wording import ALARM, QUIET, moment, plain


def comparison(found: Comparison, zone: dt.tzinfo) -> Iterator[Text]:
    """A line for each address that is not what it was, and one for what the mailboxes gained."""
    taken = f"{moment(found.before.taken, zone)} → {moment(found.after.taken, zone)}"
    yield Text(found.after.federation, "bold").append(f" · {taken}", "default")
    for one in found.appeared:
        yield Text(f"  + {plain(one.address)}", "green").append(f"  {_described(one)}: made since", "default")
    for one in found.gone:
        yield Text(f"  - {plain(one.address)}", ALARM).append(f"  {_described(one)}: no longer there", "default")
    for one in found.unseen:
        why = "not seen; the later reading was not complete"
        yield Text(f"  ? {plain(one.address)}", "yellow").append(f"  {_described(one)}: {why}", "default")
    for change in found.changed:
        words = f"  {change.fact}: {_value(change.before)} → {_value(change.after)}"
        yield Text(f"  ~ {plain(change.address)}", "yellow").append(plain(words), "default")
    if found.same_addresses:
        yield Text("  The same addresses.")
    gained = sum(_bytes(change.after) - _bytes(change.before) for change in found.grown)
    if gained:
        words = f"{volume(abs(gained))} {'more' if gained > 0 else 'less'} in {len(found.grown)} mailboxes"
        yield Text(f"  {words}", QUIET)


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


def _described(one: LegacyAddress) -> str:
    to = f" to {', '.join(one.targets)}" if one.targets else ""
    return plain(one.kind.replace("_", "-") + to)


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(value) or "(none)"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _bytes(value: object) -> int:
    return value if isinstance(value, int) else 0
