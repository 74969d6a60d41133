"""What the commands say of themselves holds."""

from __future__ import annotations

from tests.scenarios.stage import Stage


def test_sizes_are_shown_before_anything_is_queued(stage: Stage) -> None:
    shown = stage.run("copy", "work", "--sizes", expect=0).out
    for address in ("camille.dupont", "lou.petit", "contact"):
        assert f"spf55/copy/{address}@spf55.org" in shown
    one = stage.run("copy", "work", "--sizes", "lou.petit@spf55.org", expect=0).out
    assert "lou.petit@spf55.org" in one
    assert "contact@spf55.org" not in one
    refused = stage.run("copy", "work", "--sizes", "nobody@spf55.org")
    assert refused.code != 0
    assert "COPY11 No mail of nobody@spf55.org is to be copied." in refused.err
    assert "No copy is queued." in stage.run("copy", "work", "--dry-run", expect=0).out


def test_taking_records_back_says_what_the_next_apply_would_do_and_how_to_keep_them(stage: Stage) -> None:
    stage.run("apply", "--yes", expect=0)
    undone = stage.run("dns", "undo", "spf55", "--yes", expect=0).out
    assert "The next apply of spf55 would publish them again, as its file asks." in undone
    assert "to keep the switch undone, write a later day in federations/spf55.yaml:5: migration: date:" in undone
    stage.edit("spf55", "date: 2025-01-20", "date: 2125-01-20")
    before, _, later = stage.run("plan", "--verbose").out.partition("not before")
    assert "spf55.org/MX" in later
    assert "spf55.org/MX" not in before


def test_a_partial_plan_counts_its_own_seats(stage: Stage) -> None:
    part = stage.run("plan", "--target", "spf55/mailbox/lou.petit@spf55.org", expect=0).out
    assert "licence E1 takes 1" in part
    assert "licence E3" not in part
