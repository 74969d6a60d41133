"""Who holds the locks of this call: what another run is told that finds them held."""

from __future__ import annotations

import getpass
import os
import socket
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session

if TYPE_CHECKING:
    from reconcile.state.stores.store import Holder


def holder_of(session: Session, run: str, operation: str) -> Holder:
    """Who holds the locks of this call."""
    from reconcile.state.stores.store import Holder

    who = session.environment.get("RECONCILE_WHO") or getpass.getuser()
    since = session.clock.now().isoformat(timespec="seconds")
    return Holder(run, who, socket.gethostname(), os.getpid(), since, operation)
