"""Mail copies while they run: live bars on a terminal or a line per mailbox in a log, and a tally at the end."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from reconcile.mailcopy.queue.jobs import MORE, Job
from reconcile.mailcopy.report import Progress as Position
from reconcile.mailcopy.report import Report
from reconcile.problem import Problem
from reconcile.views.copies.status import copy_name
from reconcile.views.wording import ALARM, QUIET, count, duration, plain, size

#: Refused messages shown per mailbox; ``copy status`` counts them all and the ledger keeps each.
SHOWN = 10


class CopyLines:
    """One line per mailbox that ends, handed to ``write``: for a log, and above the bars of a terminal."""

    def __init__(self, write: Callable[[Text], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self.copied = self.volume = self.refused = 0
        self._begun: set[str] = set()

    def started(self, job: Job) -> None:
        with self._lock:
            self._begun.add(job.key)

    def moved(self, job: Job, position: Position) -> None:
        return

    def noticed(self, job: Job, text: str) -> None:
        with self._lock:
            self._write(Text(f"{copy_name(job.key)}: ", "bold").append(plain(text), ALARM))

    def finished(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> None:
        lines = _said_of(report, state) if report else _failed(state, problem, wait)
        with self._lock:
            if report:
                self.copied += report.copied
                self.volume += report.volume
                self.refused += len(report.refused)
            self._write(Text(f"{copy_name(job.key)}: ", "bold").append_text(lines[0]))
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
        if not self._begun:
            return Text(f"No mailbox was begun in {duration(seconds)}.", "bold")
        boxes = count(len(self._begun), "mailbox", "mailboxes")
        rest = f"; {', '.join(parts)}" if parts else ""
        if self.refused:
            rest += f"; {count(self.refused, 'message')} refused"
        return Text(f"{boxes} in {duration(seconds)}: {news}{rest}.", "bold")


class CopyBars:
    """The same with a bar per mailbox under way, and one for all of them from the first moment on. Enter it to draw.

    ``mailboxes``: how many are to be given a pass.
    """

    def __init__(self, console: Console, mailboxes: int) -> None:
        narrow, wide = console.width < 80, console.width >= 120
        name = TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1))
        bars = [BarColumn(24 if wide else 8)] if not narrow else []
        times = [TimeRemainingColumn(compact=True)] if wide else []
        self._progress = Progress(name, *bars, _Counted(brief=narrow), *times, console=console, expand=True)
        self.lines = CopyLines(self._progress.console.print)
        self._bars: dict[str, TaskID] = {}
        self._positions: dict[str, Position] = {}
        self._ended: set[str] = set()
        self._all = self._progress.add_task("all mailboxes", total=mailboxes or None, volume=0, mailboxes=True)

    def drawn(self) -> RenderableType:
        """The bars as they stand."""
        return self._progress.get_renderable()

    def __enter__(self) -> CopyBars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def started(self, job: Job) -> None:
        self.lines.started(job)
        already = job.messages if job.messages_total else 0
        self._bars[job.key] = self._progress.add_task(
            copy_name(job.key), total=job.messages_total or None, completed=already, volume=0
        )

    def moved(self, job: Job, position: Position) -> None:
        self._positions[job.key] = position
        self._progress.update(
            self._bars[job.key],
            completed=position.messages,
            total=position.messages_total,
            volume=position.volume,
        )
        self._progress.update(self._all, volume=sum(one.volume for one in self._positions.copy().values()))

    def noticed(self, job: Job, text: str) -> None:
        self.lines.noticed(job, text)

    def finished(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> None:
        self._progress.remove_task(self._bars.pop(job.key))
        if state not in ("queued", MORE):
            self._ended.add(job.key)
        self._progress.update(self._all, completed=len(self._ended))
        self.lines.finished(job, state, report, problem, wait)


class _Counted(ProgressColumn):
    """``1203/5000 messages · 9.6 MB · 420/s``; ``brief`` where the screen is narrow: ``1203/5000``."""

    def __init__(self, *, brief: bool) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._brief = brief

    def render(self, task: Task) -> Text:
        done = f"{task.completed:.0f}" + (f"/{task.total:.0f}" if task.total else "")
        if self._brief:
            return Text(done)
        if task.fields.get("mailboxes"):
            return Text(f"{done} done · {size(task.fields['volume'])}")
        rate = f" · {task.speed:.0f}/s" if task.speed else ""
        return Text(f"{done} messages · {size(task.fields['volume'])}{rate}")


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
        room = f"{report.left + len(report.refused)} messages do not fit into the new mailbox"
        lines.append(Text(f"{room}: {plain(report.full)}", ALARM))
    lines += [Text(f"folder {plain(name)}: {plain(why)}", ALARM) for name, why in report.failed.items()]
    for name, now in report.renamed.items():
        lines.append(Text(f"folder {plain(name)} is called {plain(now)} in the new mailbox now", QUIET))
    for name, number in report.deleted.items():
        what = f"{count(number, 'message')} copied into it stay deleted"
        lines.append(Text(f"folder {plain(name)} was deleted in the new mailbox: {what}", QUIET))
    if report.relocated:
        moved = count(report.relocated, "message was", "messages were")
        lines.append(Text(f"{moved} moved to another folder of the old mailbox, and not copied again", QUIET))
    lines += [Text(f"folder {plain(name)} is not copied: {plain(why)}", QUIET) for name, why in report.left_out.items()]
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
