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

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.figures import size
from reconcile.language.lists import apart
from reconcile.language.moments import duration
from reconcile.language.phrase import Phrase
from reconcile.mailcopy.queue.forecast import Remaining
from reconcile.mailcopy.queue.health import Finding
from reconcile.mailcopy.queue.jobs import Job
from reconcile.views.copies.states import counted, said
from reconcile.views.counts import copies, mailboxes, messages
from reconcile.views.wording import ALARM, QUIET, colon, plain

STATE_STYLES = {
    "done": "green",
    "partial": "yellow",
    "failed": ALARM,
    "running": "cyan",
    "paused": "magenta",
    "cancelled": QUIET,
}
#: Columns, each with its head and how its cells stand. The last ones go first where the screen is narrow.
_COLUMNS = {
    "mailbox": (Phrase("mailbox"), "<"),
    "state": (Phrase("state"), "<"),
    "messages": (Phrase("messages"), ">"),
    "refused": (Phrase("refused"), ">"),
    "over in": (Phrase("over in"), "<"),
    "last change": (Phrase("last change"), "<"),
}
_GAP = 2
#: Columns without which a row says nothing: where they do not fit side by side, each mailbox takes two lines.
_LEAST = 3


def copy_status(
    jobs: Sequence[Job],
    now: dt.datetime,
    left: Mapping[str, Remaining],
    width: int,
    words: Catalogue = ENGLISH,
) -> Iterator[Text]:
    """A line or two for each copy and the total of all; ``width`` in columns of the screen."""
    rows = [_cells(job, now, left.get(job.key), words) for job in jobs]
    heads = {name: words.say(head) for name, (head, _) in _COLUMNS.items()}
    names = [name for position, name in enumerate(_COLUMNS) if position < _LEAST or any(row[position] for row in rows)]
    widths = {name: max(len(heads[name]), *(len(row[list(_COLUMNS).index(name)]) for row in rows)) for name in names}
    while len(names) > _LEAST and sum(widths[name] + _GAP for name in names) - _GAP > width:
        names.pop()
    stacked = sum(widths[name] + _GAP for name in names) - _GAP > width
    if not stacked:
        opening = (f"{heads[name]:{_COLUMNS[name][1]}{widths[name]}}" for name in names)
        yield Text((" " * _GAP).join(opening).rstrip(), "bold")
    for job, row in zip(jobs, rows, strict=True):
        cells = dict(zip(_COLUMNS, row, strict=True))
        style = STATE_STYLES.get(job.state, "")
        if stacked:
            yield Text(cells["mailbox"], "bold")
            yield Text("  ").append(cells["state"], style).append(f"  {cells['messages']}")
        else:
            line = Text()
            for name in names:
                cell = f"{cells[name]:{_COLUMNS[name][1]}{widths[name]}}" + " " * _GAP
                line.append(cell, style if name == "state" else "")
            line.rstrip()
            yield line
        for part in textwrap.wrap(_note(job, now, words), max(20, width - 4)):
            yield Text(f"    {part}", QUIET)
    total = words.say(copies_total(jobs))
    yield from (Text(part, "bold") for part in textwrap.wrap(total, width, break_long_words=False))


def copies_total(jobs: Sequence[Job]) -> Phrase:
    """``14 copies: 12 done, 2 waiting. 1203 of 5000 messages, 9.6 MB; 3 refused.``"""
    states = Counter(job.state for job in jobs)
    wanted = [job for job in jobs if job.state != "cancelled"]
    unknown = sum(job.messages_total is None for job in wanted)
    total = sum(job.messages_total or 0 for job in wanted)
    told = Phrase(
        "{copies}: {states}. {copied} of {messages}, {size}",
        copies=copies(len(jobs)),
        states=Phrase.joined(", ", (counted(state, number) for state, number in states.items())),
        copied=sum(job.messages for job in wanted),
        messages=messages(total),
        size=size(sum(job.volume for job in wanted)),
    )
    parts = [told]
    if refused := sum(job.refused for job in wanted):
        parts.append(Phrase.counted("{number} refused", "{number} refused", refused))
    if unknown:
        parts.append(Phrase("{mailboxes} not looked at yet", mailboxes=mailboxes(unknown)))
    return Phrase("{told}.", told=apart(parts))


def findings_text(found: Sequence[Finding], words: Catalogue = ENGLISH) -> Iterator[Text]:
    """What is wrong with some copies, each with what to do."""
    for one in found:
        what = one.what
        if one.since is not None:
            what = Phrase("{what}, for {duration}", what=one.what, duration=duration(one.since))
        yield Text(f"{copy_name(one.key)}{colon(words)}", "bold").append_text(Text(words.say(what, plain), ALARM))
        yield Text(f"    → {words.say(one.advice, plain)}")
    number = len({one.key for one in found})
    needing = Phrase.counted("{number} copy needs attention.", "{number} copies need attention.", number)
    yield Text(words.say(needing if found else Phrase("No problem found.")))


def copy_name(key: str) -> str:
    """``spf55 contact@spf55.org`` for ``spf55/copy/contact@spf55.org``."""
    return plain(key.replace("/copy/", " ", 1))


def _cells(job: Job, now: dt.datetime, left: Remaining | None, words: Catalogue) -> tuple[str, ...]:
    total = "?" if job.messages_total is None else str(job.messages_total)
    ago = Phrase("{duration} ago", duration=duration(max(0.0, now.timestamp() - job.updated))) if job.updated else ""
    return (
        copy_name(job.key),
        words.say(said(job.state)),
        f"{job.messages}/{total}",
        str(job.refused or ""),
        words.say(_range(left)) if left else "",
        words.say(ago),
    )


def _note(job: Job, now: dt.datetime, words: Catalogue) -> str:
    if job.state == "waiting":
        wait = duration(max(0.0, job.not_before - now.timestamp()))
        return words.say(Phrase("again in {wait}: {error}", wait=wait, error=job.error), plain)
    return words.say(job.error, plain)


def _range(left: Remaining) -> Phrase:
    """``3 min 05 s``, or ``3 min 05 s to 1 h 10 min``."""
    earliest, latest = duration(left.earliest), duration(left.latest)
    return earliest if earliest == latest else Phrase("{earliest} to {latest}", earliest=earliest, latest=latest)
