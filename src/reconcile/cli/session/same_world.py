"""That the state found is of the world a command talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.cli.session.session import Session


def check_world(session: Session, where: str, lineage: str) -> None:
    """Raise STA16 when the state of that lineage, found at ``where``, is not of the world this call talks to."""
    from reconcile.state.worlds import is_sandbox

    if is_sandbox(lineage) == session.sandbox:
        return
    raise Problem(
        "STA16",
        Phrase("{where} is the live world's, and this command talks to the sandbox.", where=where)
        if session.sandbox
        else Phrase("{where} is the sandbox's, and this command talks to the live world.", where=where),
        "work on the other one in a folder of its own (--chdir)"
        if session.sandbox
        else Phrase("say --sandbox, or move {state}/ away", state=session.state),
    )
