"""The options of the whole call may stand anywhere."""

from __future__ import annotations

import pytest

from reconcile.cli.main import _whole_call_first, cli


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("plan spf55 --sandbox", "--sandbox plan spf55"),
        ("plan --settings-from origin/main spf55", "--settings-from origin/main plan spf55"),
        ("plan --settings-from=origin/main --json", "--settings-from=origin/main plan --json"),
        ("validate --chdir meuse --color never --lang fr", "--chdir meuse --color never --lang fr validate"),
        ("plan --help", "plan --help"),
        ("plan -- --sandbox", "plan -- --sandbox"),
        ("plan --settings-from", "--settings-from plan"),
    ],
)
def test_they_are_read_before_the_command(typed: str, read: str) -> None:
    assert _whole_call_first(typed.split()) == read.split()


@pytest.mark.parametrize(("typed", "sandbox"), [("--sandbox validate --live", False), ("validate --sandbox", True)])
def test_the_world_named_last_counts(typed: str, *, sandbox: bool) -> None:
    call = cli.make_context("reconcile", _whole_call_first(typed.split()), resilient_parsing=True)
    assert call.params["sandbox"] is sandbox
