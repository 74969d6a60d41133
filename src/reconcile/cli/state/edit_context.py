"""What the state commands share: an edit's lock and journal, and a federation's name."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.cli.wiring.holder import holder_of
from reconcile.cli.wiring.store import encoding_of, journals_of, new_lineage, store

if TYPE_CHECKING:
    from reconcile.state.edit import EditContext
    from reconcile.state.stores.store import Store


def edit_context(session: Session, operation: str) -> EditContext:
    from reconcile.state.edit import EditContext
    from reconcile.state.journal.journal import new_run_id

    holder = holder_of(session, new_run_id(session.clock, secrets.token_hex(3)), operation)
    return EditContext(
        store(session),
        session.state,
        holder,
        session.clock,
        new_lineage(session),
        encoding_of(session),
        journals_of(session),
    )


def slug_of(states: Store, name: str) -> str:
    """spf55, said as spf55 or 55."""
    return name if name in states.federations() or name.startswith("spf") else f"spf{name}"
