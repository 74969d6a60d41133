"""That the state found is of the world a command talks to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.cli.session.session import Session


def check_world(session: Session, where: str, lineage: str) -> None:
    """Raise STA16 when the state of that lineage, found at ``where``, is not of the world this call talks to."""
    from reconcile.state.worlds import is_sandbox

    if is_sandbox(lineage) == session.sandbox:
        return
    theirs, ours = ("live world's", "sandbox") if session.sandbox else ("sandbox's", "live world")
    raise Problem(
        "STA16",
        f"{where} is the {theirs}, and this command talks to the {ours}.",
        "work on the other one in a folder of its own (--chdir)"
        if session.sandbox
        else f"say --sandbox, or move {session.state}/ away",
    )
