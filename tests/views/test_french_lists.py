"""No word of the smaller lists is fixed in English: each is told once in dots, and only its data can still be read."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable, Iterable

import pytest
from rich.text import Text
from tests.views.fixed_words import DOTS, left_over
from tests.views.sample_plans import EVERYTHING, NOW, PARIS, meuse

from reconcile.language.catalogue import Catalogue, catalogue
from reconcile.mailcopy.preview import FolderPreview
from reconcile.mailcopy.queue.health import Finding
from reconcile.mailcopy.report import Refusal, Report
from reconcile.mailcopy.verification import FolderCheck
from reconcile.planning.diff.drift import Drift, Drifted
from reconcile.planning.letters import LetterState, LetterStatus
from reconcile.resources.notices import Letter
from reconcile.state.journal.runs import Operation, RunRecord
from reconcile.state.sheets import Sheet
from reconcile.state.snapshot.snapshot import Record
from reconcile.views.copies.passes import pass_lines
from reconcile.views.copies.preview import preview_text, sizes_text
from reconcile.views.copies.report import MailboxReport, reports_text, unchecked_text, verification_text
from reconcile.views.copies.status import findings_text
from reconcile.views.cost import cost_table
from reconcile.views.drift import drift_text
from reconcile.views.first_passwords import PasswordStatus, first_passwords_text
from reconcile.views.letters import letters_table
from reconcile.views.relayed import relayed_table
from reconcile.views.run.log import one_run, run_list
from reconcile.views.sheets import SheetStatus, sheets_text
from reconcile.views.state_text import lock_list, record_list, record_text

#: What the data below say themselves; the rest of a page is ours.
DATA = "spf spf55 camille org xx mailbox access copy full hidden protected INBOX Old New label CET list opening"
BOX = "spf55/copy/camille@spf55.org"
OUT = Sheet("out", NOW, 2, "hash", "xx")
BACK = Sheet("back", NOW, 1, "hash", "xx", errors=1, confirm=2)
RECORD = Record(meuse("mailbox", "camille@spf55.org"), "", {"full": True}, "", "xx", NOW.isoformat(), {"full": "xx"})


@dataclasses.dataclass(frozen=True)
class Relayed:
    address: str = "camille@spf55.org"
    messages: int = 3
    refused: int = 1
    last: dt.datetime = NOW
    sender: str = "xx@spf55.org"


def passes(words: Catalogue) -> Iterable[Text]:
    refusal = Refusal("INBOX", 7, "xx")
    full = Report(
        *(3, 4096, 1, 1, 2, 5),
        refused=(refusal,) * 11,
        failed={"Old": "xx"},
        renamed={"Old": "New"},
        deleted={"Old": 1},
        relocated=2,
        left_out={"Old": "xx"},
        keywords_dropped={"label": 1},
        redated={"Old": 1},
        receipts={"Old": 2},
        repaired=(refusal,),
        full="xx",
    )
    for report, state in (
        (full, "queued"),
        (Report(), "done"),
        (Report(already=1), "done"),
        (Report(left=2), "partial"),
    ):
        yield from pass_lines(report, state, words)


def copies(words: Catalogue) -> Iterable[Text]:
    folders = (FolderPreview("INBOX", 3, 1_200_000, "New", False, 2, 800, 1), FolderPreview("Old", error="xx"))
    checks = (FolderCheck("INBOX", 3, 1, (1,), (2,), (3, 4)), FolderCheck("Old", error="xx"))
    yield sizes_text(BOX, folders, words)
    yield preview_text(BOX, folders, words)
    yield verification_text(BOX, checks, words)
    yield unchecked_text(BOX, words)
    yield reports_text([MailboxReport(BOX, "partial", [("INBOX", 3)], [("INBOX", 7, "xx")])], words)
    yield reports_text([], words)
    yield from findings_text([Finding(BOX, "xx", "xx", 4000.0)], words)
    yield from findings_text([], words)


def drifted(words: Catalogue) -> Iterable[Text]:
    box = meuse("mailbox", "camille@spf55.org")
    fields = (Drifted(box, "", None, None, NOW.isoformat()), Drifted(box, "hidden", True, None, NOW.isoformat()))
    yield from drift_text(Drift(fields, {meuse("access", "camille@spf55.org"): "xx"}), PARIS, words)
    yield from drift_text(Drift((), {}), PARIS, words)


def costs(words: Catalogue) -> Iterable[Text]:
    return cost_table(EVERYTHING.costs, {}, EVERYTHING.costs[0].cost, words)


def letters(words: Catalogue) -> Iterable[Text]:
    ones = [LetterStatus(Letter.LIST, state, NOW, "xx") for state in LetterState]
    return letters_table(
        {"spf55": [*ones, LetterStatus(Letter.OPENING, LetterState.LATE, None)], "spf": []}, PARIS, words
    )


def passwords(words: Catalogue) -> Iterable[Text]:
    one = PasswordStatus("spf55", "camille@spf55.org", NOW, delivered=False)
    rows = (
        one,
        dataclasses.replace(one, delivered=True, when=NOW),
        dataclasses.replace(one, anew=True),
        dataclasses.replace(one, sealed=None),
    )
    return first_passwords_text(rows, PARIS, words)


def relayed(words: Catalogue) -> Iterable[Text]:
    for rows, domains in (((Relayed(),), 1), ((), 1), ((), 0)):
        yield from relayed_table(rows, domains, PARIS, words)


def sheets(words: Catalogue) -> Iterable[Text]:
    rows = (
        SheetStatus("spf55", None, OUT, BACK, 3, "xx"),
        SheetStatus("spf", NOW.date(), None, None, None),
        SheetStatus("spf", NOW.date() - dt.timedelta(days=9), OUT, None, None),
        SheetStatus("spf", None, OUT, dataclasses.replace(BACK, errors=0, written=True), 0),
    )
    return sheets_text(rows, NOW.date(), PARIS, words)


def states(words: Catalogue) -> Iterable[Text]:
    kept = dataclasses.replace(RECORD, created_by="xx", fields={"protected": True})
    yield from record_list((RECORD, kept), words)
    yield from record_text(RECORD, PARIS, words)
    yield from record_text(kept, PARIS, words)
    yield from lock_list({}, words)
    yield from lock_list({"spf55": None}, words)


def journal(words: Catalogue) -> Iterable[Text]:
    operations = tuple(
        Operation("spf55/mailbox/camille@spf55.org", "create", result, 2.0, "xx", "xx", settled)
        for result, settled in (("done", ""), ("failed", ""), ("", "xx"), ("", ""))
    )
    header = dict.fromkeys(("who", "host", "operation", "commit", "pipeline", "plan", "tool"), "xx")
    killed = RunRecord("xx", NOW.isoformat(), header, operations, None)
    ended = dataclasses.replace(killed, tally={"done": 2, "failed": 1, "not due yet": 3})
    yield from run_list((killed, ended, dataclasses.replace(ended, tally={})), PARIS, words)
    yield from run_list((), PARIS, words)
    yield from one_run(killed, PARIS, words)


LISTS = (passes, copies, drifted, costs, letters, passwords, relayed, sheets, states, journal)


@pytest.mark.parametrize("told", LISTS)
def test_no_word_of_it_is_fixed_in_english(told: Callable[[Catalogue], Iterable[Text]]) -> None:
    assert left_over(told(DOTS), DATA) == set()


@pytest.mark.parametrize("told", LISTS)
def test_it_is_told_in_french(told: Callable[[Catalogue], Iterable[Text]]) -> None:
    english, french = ("\n".join(line.plain for line in told(words)) for words in (Catalogue("en"), catalogue("fr")))
    assert english != french
    assert french.count("\n") == english.count("\n")
