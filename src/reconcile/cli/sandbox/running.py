"""The sandbox of this folder: where it is kept, and whether its servers are well."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from reconcile.cli.session.session import SANDBOX_FOLDER, Session

if TYPE_CHECKING:
    from reconcile.sandbox.folder import SandboxFolder

NOTHING_RUNS = "No sandbox runs in this folder."


def folder_here() -> SandboxFolder:
    from reconcile.sandbox.folder import SandboxFolder

    return SandboxFolder(SANDBOX_FOLDER.resolve())


#: So many old mailboxes between two lines in a log.
_LINE_EVERY = 500


@contextlib.contextmanager
def filling(session: Session) -> Iterator[Callable[[int, int], None]]:
    """What says how many of the old mailboxes are filled: in a line that is written anew on a terminal, else in a line
    now and then."""

    def line(filled: int, mailboxes: int) -> None:
        if filled % _LINE_EVERY == 0:
            session.warn(_filled(filled, mailboxes))

    console = session.console(stderr=True)
    if not console.is_terminal:
        yield line
        return
    with console.status("Starting …") as status:
        yield lambda filled, mailboxes: status.update(_filled(filled, mailboxes))


def _filled(filled: int, mailboxes: int) -> str:
    return f"Filling old mailboxes: {filled:,} of {mailboxes:,}"


def show_servers(session: Session, note: dict[str, Any]) -> bool:
    """A line for each server; whether all are well."""
    from reconcile.sandbox.health import health

    servers = health(note)
    for server in servers:
        state = server.holds if server.up else "DOWN"
        session.console().print(f"  {server.name:<16}{server.address:<26}{state}", markup=False)
    return all(server.up for server in servers)
