"""The state for people: what is recorded, one record, the locks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from rich.text import Text

from reconcile.resources.resource import Value
from reconcile.state.snapshot.snapshot import Record
from reconcile.state.stores.store import Holder
from reconcile.views.wording import QUIET, moment, plain, value


def record_list(records: Iterable[Record]) -> list[Text]:
    """One line a record, its address first: what was adopted and what is protected is marked."""
    return [Text(plain(str(record.address))).append(_marks(record), QUIET) for record in records]


def record_text(record: Record, zone: dt.tzinfo) -> list[Text]:
    """Everything recorded of one resource."""
    applied = f"{_moment(record.applied_at, zone)} by run {record.applied_by}"
    lines = [
        Text(plain(str(record.address)), "bold"),
        Text(f"  identity    {plain(record.identity) or '(none)'}"),
        Text(f"  created by  {f'run {record.created_by}' if record.created_by else 'somebody else; adopted'}"),
        Text(f"  applied     {applied}"),
        Text(f"  protected   {'yes' if record.protected else 'no'}"),
    ]
    for title, entries in (("fields", record.fields), ("outputs", record.outputs)):
        if entries:
            lines += [Text(f"  {title}"), *_entries(entries)]
    return lines


def lock_list(locks: Mapping[str, Holder | None]) -> list[Text]:
    """Who holds what."""
    if not locks:
        return [Text("No lock is held.")]
    return [
        Text(f"{slug}  {plain(str(holder)) if holder else 'held, by whom is not known'}")
        for slug, holder in locks.items()
    ]


def _marks(record: Record) -> str:
    marks = [*(["adopted"] if not record.created_by else []), *(["protected"] if record.protected else [])]
    return f"  ({', '.join(marks)})" if marks else ""


def _entries(entries: Mapping[str, Value]) -> list[Text]:
    return [Text(f"    {name:<15} {value(known)}") for name, known in sorted(entries.items())]


def _moment(stamp: str, zone: dt.tzinfo) -> str:
    try:
        return moment(dt.datetime.fromisoformat(stamp), zone)
    except ValueError:
        return plain(stamp)
