"""The list of copies and the bars, on screens of every width."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterable

import pytest
from rich.console import Console
from rich.text import Text

from reconcile.mailcopy.queue.forecast import Remaining
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.report import Progress, Report
from reconcile.views.copies.progress import CopyBars, CopyLines
from reconcile.views.copies.status import copies_total, copy_status

NOW = dt.datetime(2025, 1, 19, 18, 30, tzinfo=dt.UTC)
WIDTHS = (40, 80, 120, 200)


def job(address: str, state: str, **more: object) -> Job:
    facts: dict[str, object] = {"updated": NOW.timestamp() - 75, **more}
    return Job(f"spf55/copy/{address}", "mutualise", address, address, "", state, **facts)  # type: ignore[arg-type]


JOBS = (
    job("camille.dupont@spf55.org", "done", messages=5000, messages_total=5000, volume=9_600_000, passes=3),
    job(
        "responsable.des.benevoles@verdun.spf55.org",
        "partial",
        messages=1203,
        messages_total=1206,
        volume=812_000,
        refused=3,
        error="3 messages were refused by the new server: see reconcile copy report",
    ),
    job("jean.martin@verdun.spf55.org", "running", messages=40, messages_total=90_000, volume=1_000),
    job(
        "lou.petit@spf55.org",
        "waiting",
        not_before=NOW.timestamp() + 185,
        error="the old server closed the connection",
    ),
)
LEFT = {JOBS[2].key: Remaining(600, 4200)}


@pytest.mark.parametrize("width", WIDTHS)
def test_the_list_fits_the_screen_and_cuts_no_state_and_no_count(
    width: int, golden: Callable[[str, Iterable[Text]], None]
) -> None:
    lines = list(copy_status(JOBS, NOW, LEFT, width))
    golden(f"copy_status_{width}.txt", lines)
    whole = "\n".join(line.plain for line in lines)
    assert all(one.state in whole and f"{one.messages}/" in whole for one in JOBS)
    named = max(len(one.key) for one in JOBS)
    assert max(line.cell_len for line in lines) <= max(width, named)


def test_the_total_counts_all_mailboxes_and_says_what_is_not_known_yet() -> None:
    assert copies_total(JOBS) == (
        "4 copies: 1 done, 1 partial, 1 running, 1 waiting. 6243 of 96206 messages, 10.4 MB; 3 refused; "
        "1 mailbox not looked at yet."
    )


@pytest.mark.parametrize("width", WIDTHS)
def test_bars_take_one_line_each_and_the_total_is_there_from_the_first_moment(width: int) -> None:
    console = Console(width=width, file=io.StringIO(), force_terminal=True, color_system=None)
    bars = CopyBars(console, len(JOBS))
    assert drawn(console, bars) == ["all mailboxes 0/4"]
    for one in JOBS:
        bars.started(one)
    bars.moved(JOBS[1], Progress(1204, 1206, 500_000, 812_000))
    bars.finished(JOBS[0], "done", Report(copied=1), None, 0)
    lines = drawn(console, bars)
    assert len(lines) == len(JOBS), lines
    assert lines[0].startswith("all mailboxes 1/4")
    assert "1204/1206" in lines[1]


def test_a_bar_goes_on_where_an_interrupted_copy_stopped() -> None:
    console = Console(width=120, file=io.StringIO(), force_terminal=True, color_system=None)
    bars = CopyBars(console, 1)
    bars.started(job("camille.dupont@spf55.org", "queued", messages=300, messages_total=1000))
    assert "300/1000" in drawn(console, bars)[1]


def test_a_mailbox_tried_three_times_is_one_mailbox() -> None:
    lines = CopyLines(lambda text: None)
    for state in ("waiting", "waiting", "done"):
        lines.started(JOBS[0])
        lines.finished(JOBS[0], state, Report(copied=2), None, 1)
    assert lines.tally({"waiting": 2, "done": 1}, 3).plain.startswith("1 mailbox in 3 s: 6 messages copied")


def test_interrupted_before_the_first_mailbox_nothing_is_counted() -> None:
    assert CopyLines(lambda text: None).tally({}, 2).plain == "No mailbox was begun in 2 s."


def drawn(console: Console, bars: CopyBars) -> list[str]:
    """The lines of the bars, without what draws them."""
    with console.capture() as captured:
        console.print(bars.drawn())
    return [
        " ".join(line.replace("━", " ").replace("╸", " ").split()).split(" done")[0]
        for line in captured.get().splitlines()
    ]


@pytest.mark.parametrize(
    ("state", "told"), [("queued", "stopped before its server had answered"), ("lost", "taken over by another worker")]
)
def test_a_mailbox_that_was_stopped_is_not_called_taken_over(state: str, told: str) -> None:
    said: list[Text] = []
    CopyLines(said.append).finished(JOBS[0], state, None, None, 0)
    assert told in " ".join(line.plain for line in said)
