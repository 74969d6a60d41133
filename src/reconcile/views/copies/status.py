"""The list of copies for people: a row for each mailbox, as wide as the screen allows, its error below it, and a total.

A narrow screen loses columns from the right of what matters least; below that, each mailbox takes two lines. Neither
the state nor the counts are ever cut.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from reconcile.mailcopy.queue.forecast import Remaining
from reconcile.mailcopy.queue.health import Finding
from reconcile.mailcopy.queue.jobs import Job
from reconcile.views.wording import ALARM, QUIET, count, duration, plain, size

STATE_STYLES = {
    "done": "green",
    "partial": "yellow",
    "failed": ALARM,
    "running": "cyan",
    "paused": "magenta",
    "cancelled": QUIET,
}
#: Columns, each with how its cells stand. The last ones go first where the screen is narrow.
_COLUMNS = {"mailbox": "<", "state": "<", "messages": ">", "refused": ">", "over in": "<", "last change": "<"}
_GAP = 2
#: Columns without which a row says nothing: where they do not fit side by side, each mailbox takes two lines.
_LEAST = 3


def copy_status(jobs: Sequence[Job], now: dt.datetime, left: Mapping[str, Remaining], width: int) -> Iterator[Text]:
    """A line or two for each copy and the total of all; ``width`` in columns of the screen."""
    rows = [_cells(job, now, left.get(job.key)) for job in jobs]
    names = [name for position, name in enumerate(_COLUMNS) if position < _LEAST or any(row[position] for row in rows)]
    widths = {name: max(len(name), *(len(row[list(_COLUMNS).index(name)]) for row in rows)) for name in names}
    while len(names) > _LEAST and sum(widths[name] + _GAP for name in names) - _GAP > width:
        names.pop()
    stacked = sum(widths[name] + _GAP for name in names) - _GAP > width
    if not stacked:
        yield Text((" " * _GAP).join(f"{name:{_COLUMNS[name]}{widths[name]}}" for name in names).rstrip(), "bold")
    for job, row in zip(jobs, rows, strict=True):
        cells = dict(zip(_COLUMNS, row, strict=True))
        style = STATE_STYLES.get(job.state, "")
        if stacked:
            yield Text(cells["mailbox"], "bold")
            yield Text("  ").append(cells["state"], style).append(f"  {cells['messages']}")
        else:
            line = Text()
            for name in names:
                line.append(
                    f"{cells[name]:{_COLUMNS[name]}{widths[name]}}" + " " * _GAP, style if name == "state" else ""
                )
            line.rstrip()
            yield line
        for part in textwrap.wrap(_note(job, now), max(20, width - 4)):
            yield Text(f"    {part}", QUIET)
    yield from (Text(part, "bold") for part in textwrap.wrap(copies_total(jobs), width, break_long_words=False))


def copies_total(jobs: Sequence[Job]) -> str:
    """``14 copies: 12 done, 2 waiting. 1203 of 5000 messages, 9.6 MB; 3 refused.``"""
    states = Counter(job.state for job in jobs)
    wanted = [job for job in jobs if job.state != "cancelled"]
    unknown = sum(job.messages_total is None for job in wanted)
    total = sum(job.messages_total or 0 for job in wanted)
    said = f"{count(len(jobs), 'copy', 'copies')}: " + ", ".join(f"{n} {state}" for state, n in states.items())
    said += f". {sum(job.messages for job in wanted)} of {count(total, 'message')}"
    said += f", {size(sum(job.volume for job in wanted))}"
    if refused := sum(job.refused for job in wanted):
        said += f"; {refused} refused"
    if unknown:
        said += f"; {count(unknown, 'mailbox', 'mailboxes')} not looked at yet"
    return said + "."


def findings_text(found: Sequence[Finding]) -> Iterator[Text]:
    """What is wrong with some copies, each with what to do."""
    for one in found:
        since = "" if one.since is None else f", for {duration(one.since)}"
        yield Text(f"{copy_name(one.key)}: ", "bold").append_text(Text(f"{plain(one.what)}{since}", ALARM))
        yield Text(f"    → {plain(one.advice)}")
    copies = count(len({one.key for one in found}), "copy needs", "copies need")
    yield Text(f"{copies} attention." if found else "No problem found.")


def copy_name(key: str) -> str:
    """``spf55 contact@spf55.org`` for ``spf55/copy/contact@spf55.org``."""
    return plain(key.replace("/copy/", " ", 1))


def _cells(job: Job, now: dt.datetime, left: Remaining | None) -> tuple[str, ...]:
    total = "?" if job.messages_total is None else str(job.messages_total)
    ago = duration(max(0.0, now.timestamp() - job.updated)) + " ago" if job.updated else ""
    return (
        copy_name(job.key),
        job.state,
        f"{job.messages}/{total}",
        str(job.refused or ""),
        _range(left) if left else "",
        ago,
    )


def _note(job: Job, now: dt.datetime) -> str:
    if job.state == "waiting":
        return f"again in {duration(max(0.0, job.not_before - now.timestamp()))}: {plain(job.error)}"
    return plain(job.error)


def _range(left: Remaining) -> str:
    """``3 min 05 s``, or ``3 min 05 s to 1 h 10 min``."""
    earliest, latest = duration(left.earliest), duration(left.latest)
    return earliest if earliest == latest else f"{earliest} to {latest}"
