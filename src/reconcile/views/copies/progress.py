"""Mail copies while they run: live bars on a terminal or a line per mailbox in a log, and a tally at the end."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.figures import size
from reconcile.language.lists import apart
from reconcile.language.moments import duration
from reconcile.language.phrase import Phrase
from reconcile.mailcopy.queue.jobs import MORE, Job
from reconcile.mailcopy.report import Progress as Position
from reconcile.mailcopy.report import Report
from reconcile.problem import Problem
from reconcile.views.copies.passes import pass_lines
from reconcile.views.copies.status import copy_name
from reconcile.views.counts import mailboxes, messages
from reconcile.views.wording import ALARM, colon, plain


class CopyLines:
    """One line per mailbox that ends, handed to ``write``: for a log, and above the bars of a terminal."""

    def __init__(self, write: Callable[[Text], None], words: Catalogue = ENGLISH) -> None:
        self._words = words
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
            self._write(self._named(job).append(self._words.say(text, plain), ALARM))

    def finished(self, job: Job, state: str, report: Report | None, problem: Problem | None, wait: float) -> None:
        lines = pass_lines(report, state, self._words) if report else _failed(state, problem, wait, self._words)
        with self._lock:
            if report:
                self.copied += report.copied
                self.volume += report.volume
                self.refused += len(report.refused)
            self._write(self._named(job).append_text(lines[0]))
            for line in lines[1:]:
                self._write(Text("    ").append_text(line))

    def tally(self, ended: Mapping[str, int], seconds: float) -> Text:
        """The closing sentence of a run of the worker."""
        if not self._begun:
            told = Phrase("No mailbox was begun in {duration}.", duration=duration(seconds))
            return Text(self._words.say(told), "bold")
        news = Phrase("nothing new to copy")
        if self.copied:
            news = Phrase("{messages} copied ({size})", messages=messages(self.copied), size=size(self.volume))
        parts = [news]
        if passes := list(_passes(ended)):
            parts.append(Phrase.joined(", ", passes))
        if self.refused:
            parts.append(Phrase.counted("{number} message refused", "{number} messages refused", self.refused))
        told = Phrase(
            "{mailboxes} in {duration}: {parts}.",
            mailboxes=mailboxes(len(self._begun)),
            duration=duration(seconds),
            parts=apart(parts),
        )
        return Text(self._words.say(told), "bold")

    def _named(self, job: Job) -> Text:
        return Text(f"{copy_name(job.key)}{colon(self._words)}", "bold")


class CopyBars:
    """The same with a bar per mailbox under way, and one for all of them from the first moment on. Enter it to draw.

    ``mailboxes``: how many are to be given a pass.
    """

    def __init__(self, console: Console, mailboxes: int, words: Catalogue = ENGLISH) -> None:
        narrow, wide = console.width < 80, console.width >= 120
        name = TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1))
        bars = [BarColumn(24 if wide else 8)] if not narrow else []
        times = [TimeRemainingColumn(compact=True)] if wide else []
        self._progress = Progress(name, *bars, _Counted(words, brief=narrow), *times, console=console, expand=True)
        self.lines = CopyLines(self._progress.console.print, words)
        self._bars: dict[str, TaskID] = {}
        self._positions: dict[str, Position] = {}
        self._ended: set[str] = set()
        all_ = words.say(Phrase("all mailboxes"))
        self._all = self._progress.add_task(all_, total=mailboxes or None, volume=0, mailboxes=True)

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

    def __init__(self, words: Catalogue, *, brief: bool) -> None:
        super().__init__(table_column=Column(no_wrap=True))
        self._words = words
        self._brief = brief

    def render(self, task: Task) -> Text:
        done = f"{task.completed:.0f}" + (f"/{task.total:.0f}" if task.total else "")
        if self._brief:
            return Text(done)
        volume = size(task.fields["volume"])
        if task.fields.get("mailboxes"):
            return Text(self._words.say(Phrase("{done} done · {size}", done=done, size=volume)))
        told = self._words.say(Phrase("{done} messages · {size}", done=done, size=volume))
        rate = f" · {task.speed:.0f}/s" if task.speed else ""
        return Text(f"{told}{rate}")


def _passes(ended: Mapping[str, int]) -> Iterator[Phrase]:
    """How the passes that did not end well ended."""
    passes = Counter(ended)
    if number := passes["partial"]:
        yield Phrase.counted("{number} incomplete", "{number} incomplete", number)
    if number := passes["failed"]:
        yield Phrase.counted("{number} failed", "{number} failed", number)
    if number := passes["waiting"]:
        yield Phrase("{number} to be tried again", number=number)
    if number := passes["queued"]:
        yield Phrase.counted("{number} stopped half way", "{number} stopped half way", number)


def _failed(state: str, problem: Problem | None, wait: float, words: Catalogue) -> list[Text]:
    if problem is None:
        if state == "queued":
            return [Text(words.say(Phrase("stopped before its server had answered; the next pass goes on from there")))]
        return [Text(words.say(Phrase("taken over by another worker")))]
    lines = [Text(f"{problem.code} {words.say(problem.message, plain)}", ALARM)]
    if problem.hint:
        lines.append(Text(f"→ {words.say(problem.hint, plain)}"))
    if state == "waiting":
        lines.append(Text(words.say(Phrase("tried again in {duration}", duration=duration(wait)))))
    return lines
