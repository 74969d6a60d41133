"""The sandbox of this folder: where it is kept, and whether its servers are well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reconcile.cli.session.session import SANDBOX_FOLDER, Session

if TYPE_CHECKING:
    from reconcile.sandbox.folder import SandboxFolder

NOTHING_RUNS = "No sandbox runs in this folder."


def folder_here() -> SandboxFolder:
    from reconcile.sandbox.folder import SandboxFolder

    return SandboxFolder(SANDBOX_FOLDER.resolve())


def show_servers(session: Session, note: dict[str, Any]) -> bool:
    """A line for each server; whether all are well."""
    from reconcile.sandbox.health import health

    servers = health(note)
    for server in servers:
        state = server.holds if server.up else "DOWN"
        session.console().print(f"  {server.name:<16}{server.address:<26}{state}", markup=False)
    return all(server.up for server in servers)
