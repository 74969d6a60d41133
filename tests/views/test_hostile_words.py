"""Words of other people's in what we print: no command to a runner, no link to an issue."""

from __future__ import annotations

import pytest

from reconcile.views.markdown import inert
from reconcile.views.wording import plain


@pytest.mark.parametrize("text", ["##[error]forged", "a ##[group]b", "###[x]"])
def test_a_name_gives_a_runner_no_command(text: str) -> None:
    assert "##[" not in plain(text)


@pytest.mark.parametrize("text", ["#1", "see #42", "GH-2", "gh-2", "owner/name#3"])
def test_a_name_leads_to_no_issue(text: str) -> None:
    shown = inert(text)
    assert "&#35;1" not in shown
    assert not any(f"{mark}{digit}" in shown for mark in ("&#35;", "GH-", "gh-") for digit in "0123456789")
