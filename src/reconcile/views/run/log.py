"""Runs that are over, listed or one by one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.text import Text

from reconcile.state.journal.runs import Operation, RunRecord
from reconcile.views.wording import ALARM, QUIET, duration, moment, plain


def run_list(records: Sequence[RunRecord], zone: dt.tzinfo) -> list[Text]:
    """One line a run, the latest first."""
    if not records:
        return [Text("Nothing was applied yet.")]
    return [
        Text(one.run, "bold").append(f"  {_when(one, zone)}  {plain(one.header.get('who', '?'))}  ", "not bold")
        + _end(one)
        for one in records
    ]


def one_run(record: RunRecord, zone: dt.tzinfo) -> list[Text]:
    """Everything the journal says of a run."""
    lines = [Text(record.run, "bold"), Text(f"  began     {_when(record, zone)}")]
    lines += [Text(f"  {name:<9} {plain(told)}") for name, told in record.header.items()]
    lines += [Text("  ended     ") + _end(record), Text()]
    return lines + [_operation(one) for one in record.operations]


def _operation(one: Operation) -> Text:
    result = one.result or ("settled" if one.settled else "unknown")
    calm = result in ("done", "settled")
    line = Text(f"  {result:<8} {one.action:<7} {plain(one.address)}", "" if calm else ALARM)
    if one.settled:
        line.append(f"  by {plain(one.settled)}", QUIET)
    if one.seconds:
        line.append(f"  {duration(one.seconds)}", QUIET)
    if one.request_id:
        line.append(f"  request {one.request_id}", QUIET)
    if one.error:
        line.append(f"\n           {plain(one.error)}")
    return line


def _end(record: RunRecord) -> Text:
    if record.tally is None:
        done = sum(one.result == "done" for one in record.operations)
        settled = sum(bool(one.settled) for one in record.operations)
        doubts = sum(not (one.result or one.settled) for one in record.operations)
        said = f"killed: {done} done" + (f", {settled} settled since" if settled else "")
        if not doubts:
            return Text(said)
        return Text(f"{said}, {doubts} in doubt; the next apply settles {'it' if doubts == 1 else 'them'}", ALARM)
    told = ", ".join(f"{number} {word}" for word, number in record.tally.items() if number)
    return Text(told or "nothing done", ALARM if record.tally.get("failed") else "")


def _when(record: RunRecord, zone: dt.tzinfo) -> str:
    return moment(dt.datetime.fromisoformat(record.began), zone) if record.began else "?"
