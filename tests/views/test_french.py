"""What the postmaster reads is French throughout: its fixed words, its dates, its numbers and its plurals."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable, Iterable

import pytest
from rich.text import Text
from tests.views.copies.test_status import JOBS, LEFT
from tests.views.copies.test_status import NOW as COPYING
from tests.views.fixed_words import DOTS, left_over
from tests.views.run.test_text import CHANGES, INCOMPLETE, NO_LICENCE, STORY, told
from tests.views.sample_plans import EMPTY, EVERYTHING, MIGRATION, NOW, PARIS

from reconcile.applying.events import Stopping
from reconcile.config.settings.tables.guards import Guards
from reconcile.language.catalogue import Catalogue, catalogue
from reconcile.language.figures import grouped, size
from reconcile.language.moments import day, moment
from reconcile.planning.gates.gate import Gate
from reconcile.planning.guards.guards import Permission, refusals
from reconcile.planning.letters import LetterState, LetterStatus
from reconcile.planning.plan.plan import Plan
from reconcile.planning.plan.planfile import document
from reconcile.planning.status import FederationStatus, State, Step
from reconcile.resources.kinds import KINDS
from reconcile.resources.notices import Letter
from reconcile.views.copies.status import copy_status
from reconcile.views.plan.change_text import Detail
from reconcile.views.plan.markdown import MARKER, render
from reconcile.views.plan.text import plan_text, refusals_text
from reconcile.views.run.progress import LineProgress
from reconcile.views.run.text import run_text
from reconcile.views.status import status_text

Golden = Callable[[str, Iterable[Text | str]], None]

FRENCH = catalogue("fr")
#: What a page shows beside what its data say: keys of kinds and fields, and what no language translates.
KEYS = " ".join([*KINDS, *(name for kind in KINDS.values() for name in kind.fields), "CET CEST allow delete record"])

LOCK = dt.datetime(2025, 1, 19, 15, 0, tzinfo=dt.UTC)
UNREHEARSED = Gate("spf55", "GAT02", LOCK, "it was never rehearsed", "reconcile rehearse spf55")
UNCONFIRMED = Gate("spf55", "GAT04", LOCK, "nobody is named whom one could call", waived="agreed by phone")
STATUSES = [
    FederationStatus("spf51", "Marne", dt.date(2025, 1, 20), LOCK, State.ERROR, ("MSG11 broken", "MSG12 broken")),
    FederationStatus(
        *("spf55", "Meuse", dt.date(2025, 1, 20), LOCK, State.NOT_READY),
        gates=(UNREHEARSED, UNCONFIRMED),
        steps={"lock": Step(1, 1), "create": Step(2, 5, 1), "copy": Step(0, 3)},
        letters=(LetterStatus(Letter.LIST, LetterState.LATE, LOCK, "contact@spf55.org"),),
        late={"ancien@example.org": 4, "": 1},
    ),
    FederationStatus("spf67", "Bas-Rhin", None, LOCK, State.WAITING),
]


def plan_page(plan: Plan, words: Catalogue) -> list[Text]:
    refused = refusals(plan, "", Guards(), Permission())
    return [*plan_text(plan, PARIS, words=words), *refusals_text(refused, words)]


def run_page(words: Catalogue) -> list[Text]:
    lines: list[Text] = []
    progress = LineProgress(MIGRATION, lines.append, words)
    for event in told(STORY[:-1]):
        progress(event)
    progress(Stopping((CHANGES["copy contact@spf55.org"],)))
    return [*lines, *run_text(INCOMPLETE, MIGRATION, PARIS, words)]


def status_page(words: Catalogue) -> list[Text]:
    return list(status_text(STATUSES, NOW, PARIS, 200, words))


@pytest.mark.parametrize(("name", "plan"), [("empty", EMPTY), ("migration", MIGRATION), ("everything", EVERYTHING)])
def test_a_plan_reads_as_its_golden_file(golden: Golden, name: str, plan: Plan) -> None:
    golden(f"french/plan_{name}.txt", plan_page(plan, FRENCH))


def test_a_comment_on_a_pull_request_reads_as_its_golden_file(golden: Golden) -> None:
    page = render(EVERYTHING, NOW.astimezone(PARIS), words=FRENCH)
    assert page.startswith(MARKER)
    golden("french/plan_everything.md", page.splitlines())


def test_a_run_reads_as_its_golden_file(golden: Golden) -> None:
    golden("french/run.txt", run_page(FRENCH))


def test_the_status_of_the_federations_reads_as_its_golden_file(golden: Golden) -> None:
    golden("french/status.txt", status_page(FRENCH))


@pytest.mark.parametrize("width", [40, 120])
def test_the_list_of_copies_reads_as_its_golden_file(golden: Golden, width: int) -> None:
    golden(f"french/copy_status_{width}.txt", copy_status(JOBS, COPYING, LEFT, width, FRENCH))


@pytest.mark.parametrize("plan", [EMPTY, MIGRATION, EVERYTHING], ids=["empty", "migration", "everything"])
@pytest.mark.parametrize("detail", Detail)
def test_no_word_of_a_plan_is_fixed_in_english(plan: Plan, detail: Detail) -> None:
    assert left_over(plan_text(plan, PARIS, detail, DOTS), f"{values(document(plan))} {KEYS}") == set()


def test_no_word_of_a_comment_is_fixed_in_english() -> None:
    page = render(EVERYTHING, NOW.astimezone(PARIS), words=DOTS, budget=6000).replace(MARKER, "")
    assert left_over([page], f"{values(document(EVERYTHING))} {KEYS} {MARKUP}") == set()


def test_no_word_of_a_run_is_fixed_in_english() -> None:
    data = f"{values(document(MIGRATION))} {NO_LICENCE} {NO_LICENCE.hint} {INCOMPLETE.run_id} {KEYS}"
    assert left_over(run_page(DOTS), data) == set()


def test_no_word_of_the_status_is_fixed_in_english() -> None:
    assert (
        left_over(status_page(DOTS), f"{values([dataclasses.asdict(one) for one in STATUSES])} ancien example list CET")
        == set()
    )


def test_no_word_of_the_list_of_copies_is_fixed_in_english() -> None:
    data = " ".join(f"{one.key} {one.error}" for one in JOBS)
    assert left_over(copy_status(JOBS, COPYING, LEFT, 200, DOTS), data) == set()


def test_french_writes_its_own_dates_numbers_and_plurals() -> None:
    assert FRENCH.say(moment(dt.datetime(2026, 11, 28, 17, 0, tzinfo=dt.UTC), PARIS)) == (
        "samedi 28 novembre 2026 à 18:00 CET"
    )
    assert FRENCH.say(day(dt.date(2026, 3, 1))) == "dimanche 1er mars 2026"
    assert FRENCH.say(size(9_600_000)) == "9,6 Mo"
    assert FRENCH.say(grouped(1_234_567)) == "1\N{NARROW NO-BREAK SPACE}234\N{NARROW NO-BREAK SPACE}567"
    assert grouped(1_234_567) == "1,234,567"


MARKUP = "details summary diff reconcile show"


def values(known: object) -> str:
    """Every text in the data, without the names of their members."""
    match known:
        case dict():
            return " ".join(map(values, known.values()))
        case list() | tuple():
            return " ".join(map(values, known))
    return known if isinstance(known, str) else json.dumps(known, default=str)
