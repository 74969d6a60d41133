"""The two mailboxes of a job."""

from __future__ import annotations

import dataclasses

from reconcile.mailcopy.imap.session import Endpoint


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoints:
    """The two mailboxes of a job."""

    source: Endpoint
    destination: Endpoint
