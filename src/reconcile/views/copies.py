"""Mail copies made visible: live bars or one line per mailbox while they run, a tally, and the list as a table."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from reconcile.mailcopy.queue.forecast import Remaining
from reconcile.mailcopy.queue.health import Finding
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.tickets import MORE
from reconcile.mailcopy.report import Progress as Position
from reconcile.mailcopy.report import Report
from reconcile.problem import Problem
from reconcile.views.wording import ALARM, QUIET, count, duration, plain

#: Refused messages shown per mailbox; ``copy status`` counts them all and the ledger keeps each.
SHOWN = 10
_STYLES = {
    "done": "green",
    "partial": "yellow",
    "failed": ALARM,
    "running": "cyan",
    "paused": "magenta",
    "cancelled": QUIET,
}


class CopyLines:
    """One line per mailbox that ends, handed to ``write``: for a log, and above the bars of a terminal."""

    def __init__(self, write: Callable[[Text], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self.copied = self.volume = self.refused = 0

    def started(self, job: Job) -> None:
        return

    def moved(self, job: Job, position: Position) -> None:
        return

    def finished(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> None:
        lines = _said_of(report, state) if report else _failed(state, problem, wait)
        with self._lock:
            if report:
                self.copied += report.copied
                self.volume += report.volume
                self.refused += len(report.refused)
            self._write(Text(f"{_name(job.key)}: ", "bold").append_text(lines[0]))
            for line in lines[1:]:
                self._write(Text("    ").append_text(line))

    def tally(self, ended: Mapping[str, int], seconds: float) -> Text:
        """The closing sentence of a run of the worker."""
        passes = Counter(ended)
        parts = [
            f"{passes[state]} {words}"
            for state, words in (
                ("partial", "incomplete"),
                ("failed", "failed"),
                ("waiting", "to be tried again"),
                ("queued", "stopped half way"),
            )
            if passes[state]
        ]
        news = f"{count(self.copied, 'message')} copied ({size(self.volume)})" if self.copied else "nothing new to copy"
        boxes = count(passes.total(), "mailbox", "mailboxes")
        rest = f"; {', '.join(parts)}" if parts else ""
        if self.refused:
            rest += f"; {count(self.refused, 'message')} refused"
        return Text(f"{boxes} in {duration(seconds)}: {news}{rest}.", "bold")


class CopyBars:
    """The same with a bar per mailbox under way: messages, bytes, rate, time left. Enter it to draw."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(24), _Counted(), TimeRemainingColumn(), console=console
        )
        self.lines = CopyLines(self._progress.console.print)
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> CopyBars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def started(self, job: Job) -> None:
        total = job.messages_total
        self._bars[job.key] = self._progress.add_task(_name(job.key), total=total or None, volume=0)

    def moved(self, job: Job, position: Position) -> None:
        self._progress.update(
            self._bars[job.key],
            completed=position.messages,
            total=position.messages_total,
            volume=position.volume,
        )

    def finished(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> None:
        self._progress.remove_task(self._bars.pop(job.key))
        self.lines.finished(job, state, report, problem, wait)


class _Counted(ProgressColumn):
    """``1 203/5 000 messages · 9.6 MB · 420/s``."""

    def render(self, task: Task) -> Text:
        total = f"/{task.total:.0f}" if task.total else ""
        rate = f" · {task.speed:.0f}/s" if task.speed else ""
        return Text(f"{task.completed:.0f}{total} messages · {size(task.fields['volume'])}{rate}")


def copies_table(jobs: Iterable[Job], now: dt.datetime, left: Mapping[str, Remaining]) -> Table:
    """Every job with its state, how far it is, when it will be over and its last error."""
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for heading in ("mailbox", "state", "messages", "refused", "over in", "last change", ""):
        table.add_column(
            heading, justify="right" if heading in ("messages", "refused") else "left", no_wrap=heading != ""
        )
    for job in jobs:
        total = "?" if job.messages_total is None else str(job.messages_total)
        ago = duration(max(0.0, now.timestamp() - job.updated)) + " ago" if job.updated else ""
        note = job.error
        if job.state == "waiting":
            note = f"again in {duration(max(0.0, job.not_before - now.timestamp()))}: {note}"
        table.add_row(
            _name(job.key),
            Text(job.state, _STYLES.get(job.state, "")),
            f"{job.messages}/{total}",
            str(job.refused or ""),
            _range(left[job.key]) if job.key in left else "",
            ago,
            plain(note),
        )
    return table


def copies_count(jobs: Sequence[Job]) -> Text:
    """``14 copies: 12 done, 1 partial, 1 waiting``."""
    states = Counter(job.state for job in jobs)
    return Text(f"{count(len(jobs), 'copy', 'copies')}: " + ", ".join(f"{n} {state}" for state, n in states.items()))


def findings_text(found: Sequence[Finding]) -> Iterator[Text]:
    """What is wrong with some copies, each with what to do."""
    for one in found:
        since = "" if one.since is None else f", for {duration(one.since)}"
        yield Text(f"{_name(one.key)}: ", "bold").append_text(Text(f"{plain(one.what)}{since}", ALARM))
        yield Text(f"    → {plain(one.advice)}")
    copies = count(len({one.key for one in found}), "copy needs", "copies need")
    yield Text(f"{copies} attention." if found else "No problem found.")


def copies_json(jobs: Iterable[Job], now: dt.datetime, left: Mapping[str, Remaining]) -> str:
    """The list for programs; moments are ISO 8601 in UTC, null when there is none. ``over``: the earliest and the
    latest moment at which the copy should be over."""
    return json.dumps([_as_json(job, now, left.get(job.key)) for job in jobs], ensure_ascii=False, indent=2)


def copies_metrics(jobs: Iterable[Job], left: Mapping[str, Remaining], rates: Mapping[str, Sequence[int]]) -> str:
    """The list in Prometheus' text format: copies by federation and state, messages and the time left by federation,
    messages of the last minute in which any came by old host."""
    copies: Counter[tuple[str, str]] = Counter()
    messages: dict[str, Counter[str]] = {"done": Counter(), "total": Counter(), "refused": Counter()}
    for job in jobs:
        federation = job.key.partition("/")[0]
        copies[federation, job.state] += 1
        messages["done"][federation] += job.messages
        messages["total"][federation] += job.messages_total or 0
        messages["refused"][federation] += job.refused
    lines = ["# TYPE reconcile_copies gauge"]
    lines += [f'reconcile_copies{{federation="{f}",state="{s}"}} {n}' for (f, s), n in sorted(copies.items())]
    for what, counted in messages.items():
        lines.append(f"# TYPE reconcile_copy_messages_{what} gauge")
        lines += [f'reconcile_copy_messages_{what}{{federation="{f}"}} {n}' for f, n in sorted(counted.items())]
    latest: dict[tuple[str, str], float] = {}
    for key, one in left.items():
        for bound, seconds in (("earliest", one.earliest), ("latest", one.latest)):
            name = (key.partition("/")[0], bound)
            latest[name] = max(latest.get(name, 0.0), seconds)
    lines.append("# TYPE reconcile_copy_seconds_left gauge")
    lines += [
        f'reconcile_copy_seconds_left{{federation="{f}",bound="{bound}"}} {seconds:.0f}'
        for (f, bound), seconds in sorted(latest.items())
    ]
    lines.append("# TYPE reconcile_copy_messages_per_minute gauge")
    lines += [f'reconcile_copy_messages_per_minute{{source="{s}"}} {m[0]}' for s, m in sorted(rates.items())]
    return "\n".join(lines) + "\n"


def size(volume: float) -> str:
    """``812 B``, ``9.6 MB``: powers of a thousand."""
    if volume < 1000:
        return f"{volume:.0f} B"
    units = ["kB", "MB", "GB"]
    while (volume := volume / 1000) >= 999.95 and len(units) > 1:
        units.pop(0)
    return f"{volume:.1f} {units[0]}"


def _range(left: Remaining) -> str:
    """``3 min 05 s``, or ``3 min 05 s to 1 h 10 min``."""
    earliest, latest = duration(left.earliest), duration(left.latest)
    return earliest if earliest == latest else f"{earliest} to {latest}"


def _as_json(job: Job, now: dt.datetime, left: Remaining | None) -> dict[str, Any]:
    seen = dataclasses.asdict(job)
    del seen["epoch"]
    moments = (left.earliest, left.latest) if left else ()
    seen["over"] = [(now + dt.timedelta(seconds=each)).isoformat(timespec="seconds") for each in moments] or None
    for name in ("not_before", "updated"):
        seen[name] = dt.datetime.fromtimestamp(seen[name], dt.UTC).isoformat() if seen[name] else None
    return seen


def _said_of(report: Report, state: str) -> list[Text]:
    """What one pass did: a headline, then what needs attention."""
    there = report.already + report.adopted
    if report.copied:
        words = f"{count(report.copied, 'message')} copied ({size(report.volume)})"
        words += f", {there} were there already" if there else ""
    elif report.complete:
        words = f"nothing new ({count(there, 'message')} there)" if there else "empty, nothing to copy"
    else:
        words = f"nothing copied ({there} were there already)"
    if report.vanished:
        words += f", {report.vanished} deleted meanwhile at the source"
    if state == "queued":
        words += f", stopped with {report.left} left"
    if state == MORE:
        words += f", goes on with {report.left} left"
    lines = [Text(words)]
    if report.full:
        room = f"the new mailbox is full, {report.left + len(report.refused)} messages do not fit"
        lines.append(Text(f"{room}: {plain(report.full)}", ALARM))
    lines += [Text(f"folder {plain(name)}: {plain(why)}", ALARM) for name, why in report.failed.items()]
    shown = report.refused[:SHOWN]
    lines += [Text(f"refused, {plain(r.folder)} message {r.uid}: {plain(r.reason)}", "yellow") for r in shown]
    if len(report.refused) > SHOWN:
        lines.append(Text(f"… and {len(report.refused) - SHOWN} more refused", "yellow"))
    for repaired in report.repaired:
        lines.append(Text(f"taken once {repaired.reason}: {plain(repaired.folder)} message {repaired.uid}", QUIET))
    for folder, number in report.redated.items():
        what = "a date of arrival that cannot be and was given the date of its header"
        lines.append(Text(f"{plain(folder)}: {count(number, 'message')} had {what}", QUIET))
    for folder, number in report.receipts.items():
        what = count(number, "unread message asks", "unread messages ask")
        lines.append(Text(f"{plain(folder)}: {what} for a read receipt (see read_receipts in reconcile.toml)", QUIET))
    for keyword, number in report.keywords_dropped.items():
        lines.append(Text(f"label {plain(keyword)} not taken by the new server on {count(number, 'message')}", QUIET))
    return lines


def _failed(state: str, problem: Problem | None, wait: float) -> list[Text]:
    if problem is None:
        return [Text("taken over by another worker")]
    lines = [Text(f"{problem.code} {plain(problem.message)}", ALARM)]
    if problem.hint:
        lines.append(Text(f"→ {plain(problem.hint)}"))
    if state == "waiting":
        lines.append(Text(f"tried again in {duration(wait)}"))
    return lines


def _name(key: str) -> str:
    """``spf55 contact@spf55.org`` for ``spf55/copy/contact@spf55.org``."""
    return plain(key.replace("/copy/", " ", 1))
