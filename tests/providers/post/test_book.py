"""Which federations have a letter book: a file that somebody laid beside them, or among theirs, is none."""

from __future__ import annotations

from pathlib import Path

from reconcile.clock import SystemClock
from reconcile.providers.post.book import LetterBook


def test_the_books_of_a_folder_are_those_of_federations_of_its_world(tmp_path: Path) -> None:
    real, sandbox = LetterBook(tmp_path, SystemClock()), LetterBook(tmp_path, SystemClock(), sandbox=True)
    assert real.federations() == []
    real.unsent("spf55", "<1@x>", "refused")
    sandbox.unsent("spf88", "<2@x>", "refused")
    (tmp_path / "notes_of_somebody.jsonl").write_text("{}\n")
    assert (real.federations(), sandbox.federations()) == (["spf55"], ["spf88"])
