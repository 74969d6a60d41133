"""The state for people: what is recorded, one record, the locks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.resources.resource import Value
from reconcile.state.snapshot.snapshot import Record
from reconcile.state.stores.store import Holder
from reconcile.views.wording import QUIET, plain, value


def record_list(records: Iterable[Record], words: Catalogue = ENGLISH) -> list[Text]:
    """One line a record, its address first: what was adopted and what is protected is marked."""
    return [Text(plain(str(record.address))).append(_marks(record, words), QUIET) for record in records]


def record_text(record: Record, zone: dt.tzinfo, words: Catalogue = ENGLISH) -> list[Text]:
    """Everything recorded of one resource."""
    facts: list[tuple[str, str]] = [
        (Phrase("identity"), plain(record.identity) or words.say(Phrase("(none)"))),
        (Phrase("created by"), words.say(_creator(record), plain)),
        (
            Phrase("applied"),
            words.say(
                Phrase("{moment} by run {run}", moment=_moment(record.applied_at, zone), run=record.applied_by), plain
            ),
        ),
        (Phrase("protected"), words.say(Phrase("yes") if record.protected else Phrase("no"))),
    ]
    width = max(11, *(len(words.say(name)) + 1 for name, _ in facts))
    lines = [Text(plain(str(record.address)), "bold")]
    lines += [Text(f"  {words.say(name):<{width}} {told}") for name, told in facts]
    for title, entries in ((Phrase("fields"), record.fields), (Phrase("outputs"), record.outputs)):
        if entries:
            lines += [Text(f"  {words.say(title)}"), *_entries(entries, words)]
    return lines


def lock_list(locks: Mapping[str, Holder | None], words: Catalogue = ENGLISH) -> list[Text]:
    """Who holds what."""
    if not locks:
        return [Text(words.say(Phrase("No lock is held.")))]
    unknown = words.say(Phrase("held, by whom is not known"))
    return [Text(f"{slug}  {plain(str(holder)) if holder else unknown}") for slug, holder in locks.items()]


def _creator(record: Record) -> Phrase:
    if record.created_by:
        return Phrase("run {run}", run=record.created_by)
    return Phrase("somebody else; adopted")


def _marks(record: Record, words: Catalogue) -> str:
    adopted, protected = Phrase("adopted"), Phrase("protected")
    marks = [*([adopted] if not record.created_by else []), *([protected] if record.protected else [])]
    return f"  ({', '.join(map(words.say, marks))})" if marks else ""


def _entries(entries: Mapping[str, Value], words: Catalogue) -> list[Text]:
    return [Text(f"    {name:<15} {value(known, words)}") for name, known in sorted(entries.items())]


def _moment(stamp: str, zone: dt.tzinfo) -> str:
    try:
        return moment(dt.datetime.fromisoformat(stamp), zone)
    except ValueError:
        return stamp
