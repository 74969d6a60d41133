"""The store that keeps the state of this call, and how snapshots are encoded there."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.resources.address import NETWORK

if TYPE_CHECKING:
    from reconcile.state.journal.replay import Journals
    from reconcile.state.snapshot.encoding import Encoding
    from reconcile.state.snapshot.snapshot import Snapshot
    from reconcile.state.stores.store import Store


def store(session: Session, lost: Callable[[], None] = lambda: None) -> Store:
    """Where the state of this call is kept; the sandbox's never leaves this folder.

    ``lost`` is called, from another thread, when somebody breaks a lock this call holds.
    """
    return store_in(session, encoding_of(session), lost)


def journals_of(session: Session) -> type[Journals]:
    """Which of the journals in this folder count: beside the state all, else those of runs the state names."""
    from reconcile.state.journal.replay import Journals, Vouched

    return Vouched if kept_elsewhere(session) else Journals


def kept_elsewhere(session: Session) -> bool:
    """Whether the state is not beside the journals of this folder."""
    return bool(session.settings.state) and not session.sandbox


def encoding_of(session: Session) -> Encoding:
    """How snapshots are encoded: sealed to those reconcile.toml names, in the clear when it names nobody; with a mark
    when there is a key to make it."""
    from reconcile.cli.session.tracked import authenticity_key
    from reconcile.state.snapshot.authenticity import Authenticated
    from reconcile.state.snapshot.encoding import PLAIN

    encoding = sealed(session) if session.settings.seal_to and not session.sandbox else PLAIN
    key = authenticity_key(session)
    return Authenticated(encoding, key) if key else encoding


def sealed(session: Session) -> Encoding:
    """The seal of reconcile.toml, opened with the identity in the environment."""
    from reconcile.state.snapshot.encoding import Sealed

    identity = session.environment.get("RECONCILE_STATE_IDENTITY", "").strip()
    return Sealed(session.settings.seal_to, [identity] if identity else [])


def store_in(session: Session, encoding: Encoding, lost: Callable[[], None]) -> Store:
    """The same place, its snapshots in that encoding."""
    from reconcile.clock import SystemClock
    from reconcile.state.stores.locations import open_store

    location = "" if session.sandbox else session.settings.state
    slugs = sorted({NETWORK, *(path.stem for path in session.federations.glob("*.yaml"))})
    password = session.environment.get("RECONCILE_STATE_PASSWORD")
    login = (session.environment.get("RECONCILE_STATE_USER", ""), password) if password else None
    # Leases run on the machine's time, whatever the sandbox's clock says.
    return open_store(location or str(session.state), SystemClock(), slugs, login, lost, encoding)


def new_lineage(session: Session) -> str:
    """The name of a state that begins now; it says whether it is the sandbox's."""
    from reconcile.state.worlds import SANDBOX

    return f"{SANDBOX if session.sandbox else ''}{secrets.token_hex(16)}"


def with_lineage(session: Session, snapshots: Mapping[str, Snapshot]) -> dict[str, Snapshot]:
    """The snapshots, each that was never written given a lineage of its own."""
    return {
        slug: snapshot if snapshot.lineage else dataclasses.replace(snapshot, lineage=new_lineage(session))
        for slug, snapshot in snapshots.items()
    }
