"""A date changes in a federation file, and nothing else: not a comment, not a quote, not a blank."""

from __future__ import annotations

import datetime as dt
import difflib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.config.document.document import read_document
from reconcile.config.document.rewrite import with_date
from reconcile.problem import Problem

ROOT = Path(__file__).resolve().parents[3]
MARCH = dt.date(2025, 3, 3)
HEAD = 'code: "55"   # Meuse\nname: Meuse\ndomain: spf55.org\n'
BOXES = "mailboxes: {}   # none yet\n"


def changed(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


@pytest.mark.parametrize(
    ("written", "date", "expected"),
    [
        ("migration:\n  date: 2025-01-20   # kept\n", MARCH, "migration:\n  date: 2025-03-03   # kept\n"),
        ("migration: {date: 2025-01-20}\n", MARCH, "migration: {date: 2025-03-03}\n"),
        ('migration: {date: "2025-01-20"}\n', MARCH, "migration: {date: 2025-03-03}\n"),
        ("migration: {date: 2025-01-20, confirmed: 2025-01-15}\n", MARCH, "migration: {date: 2025-03-03}\n"),
        (
            "migration: {confirmed: 2025-01-15, date: 2025-01-20, rehearsed: 2025-01-08}  # x\n",
            MARCH,
            "migration: {date: 2025-03-03, rehearsed: 2025-01-08}  # x\n",
        ),
        (
            "migration:\n  dates: [2025-01-20]  # w\n  # kept\n  confirmed: 2025-01-15  # J-5\n  date: 2025-01-20\n",
            MARCH,
            "migration:\n  dates: [2025-01-20]  # w\n  # kept\n  date: 2025-03-03\n",
        ),
        ("migration:\n    dates: [2025-01-20]\n", MARCH, "migration:\n    date: 2025-03-03\n    dates: [2025-01-20]\n"),
        ("", MARCH, "migration: {date: 2025-03-03}\n\n"),
        ("migration:   # later\n", MARCH, None),
        ("migration: {}\n", MARCH, "migration: {date: 2025-03-03}\n"),
        ("migration: {date: 2025-01-20, dates: [2025-01-20]}\n", None, "migration: {dates: [2025-01-20]}\n"),
        ("migration: {date: 2025-01-20}\n", None, "migration: {}\n"),
        ("migration:\n  date: 2025-01-20\n", None, "migration:\n"),
        ("migration: {date: 2025-03-03, confirmed: 2025-02-26}\n", MARCH, "unchanged"),
    ],
)
def test_every_way_to_write_a_date(written: str, date: dt.date | None, expected: str | None) -> None:
    before = HEAD + written + BOXES
    after = with_date(before, date, "spf55.yaml")
    if expected == "unchanged":
        assert after == before
    elif expected is not None:
        assert after == HEAD + expected + BOXES
    migration = read_document(after).tree.get("migration") or {}
    assert migration.get("date") == (date.isoformat() if date else None)


def test_line_ends_and_everything_after_are_kept() -> None:
    before = (HEAD + "migration: {date: 2025-01-20}\n" + BOXES).replace("\n", "\r\n")
    assert with_date(before, MARCH, "x") == before.replace("2025-01-20", "2025-03-03")


def test_what_cannot_be_changed_safely_is_left_to_the_postmaster() -> None:
    text = HEAD + "migration: &m\n  date: 2025-01-20\n" + BOXES.replace("{}", "*m")
    with pytest.raises(Problem, match="CFG07"):
        with_date(text, MARCH, "spf55.yaml")


@pytest.mark.parametrize("slug", ["spf55", "spf88", "spf971"])
@pytest.mark.parametrize("date", [dt.date(2025, 5, 19), None])
def test_the_examples_lose_their_date_and_its_confirmation_and_nothing_else(slug: str, date: dt.date | None) -> None:
    before = (ROOT / "federations" / f"{slug}.yaml").read_text(encoding="utf-8")
    after = with_date(before, date, slug)
    lines = changed(before, after)
    assert all(line[1:].split(":")[0].strip() in ("date", "confirmed") for line in lines)
    assert len(lines) == (3 if date else 2)


@given(
    indent=st.integers(2, 6),
    order=st.permutations(
        ["dates: [2025-01-20]", "date: 2025-01-20", "confirmed: 2025-01-15", "rehearsed: 2025-01-08"]
    ),
    keep=st.integers(1, 4),
    comment=st.sampled_from(["", "  # note: {a}", " #"]),
    flow=st.booleans(),
)
def test_any_layout_ends_with_the_date_and_without_the_agreement(
    indent: int, order: list[str], keep: int, comment: str, flow: bool
) -> None:
    entries = order[:keep]
    block = "".join(f"\n{' ' * indent}{entry}{comment}" for entry in entries)
    written = f"migration: {{{', '.join(entries)}}}{comment}\n" if flow else f"migration:{block}\n"
    before = HEAD + written + BOXES
    tree = read_document(with_date(before, MARCH, "x")).tree
    rest = {entry.split(":")[0] for entry in entries} - {"date", "confirmed"}
    assert tree["migration"].keys() == rest | {"date"} or "confirmed" in tree["migration"]
    assert tree["migration"]["date"] == "2025-03-03"
    assert "confirmed" not in tree["migration"]
