"""Handing over by a command of the postmaster's own."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest

from reconcile.problem import Problem
from reconcile.providers.legacy.handover.command import HandoverCommand

DOMAINS = ("spf55.org",)


def command(folder: Path, program: str) -> HandoverCommand:
    file = folder / "hand_over.py"
    file.write_text(textwrap.dedent(program))
    return HandoverCommand([sys.executable, str(file), str(folder / "over")], {}, 60)


HOST = """
    import json, pathlib, sys
    asked, kept = json.load(sys.stdin), pathlib.Path(sys.argv[1])
    if asked["action"] == "hand_over":
        kept.write_text(" ".join(asked["domains"]))
    if asked["action"] == "take_back":
        kept.unlink(missing_ok=True)
    over = kept.read_text().split() if kept.exists() else []
    over = [one for one in asked["domains"] if one in over]
    print(json.dumps({"format": 1, "handed_over": over, "redirections": ["bureau@spf55.org"]}))
"""


def test_it_is_told_and_answers(tmp_path: Path) -> None:
    of = command(tmp_path, HOST)
    assert of.shown("spf55", DOMAINS).over == frozenset()
    of.hand_over("spf55", DOMAINS)
    assert of.shown("spf55", DOMAINS).over == {"spf55.org"}
    assert of.redirections("spf55") == ("bureau@spf55.org",)
    of.take_back("spf55", DOMAINS)
    assert not of.shown("spf55", DOMAINS).begun


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import sys; sys.exit('no such domain')", "no such domain"),
        ("print('yes')", "its answer is not as docs/handover.md says"),
        ('print(\'{"format": 1, "handed_over": []}\')', "spf55.org is not handed over"),
        ('print(\'{"format": 1, "handed_over": ["spf88.org"]}\')', "which it was not asked about"),
        ('print(\'{"format": 2, "handed_over": ["spf55.org"]}\')', "its answer is not as docs/handover.md says"),
        ("print([])", "its answer is not as docs/handover.md says"),
    ],
)
def test_what_it_answers_is_not_believed_blindly(tmp_path: Path, program: str, why: str) -> None:
    with pytest.raises(Problem) as told:
        command(tmp_path, program).hand_over("spf55", DOMAINS)
    assert told.value.code == "HOV13"
    assert why in told.value.message
