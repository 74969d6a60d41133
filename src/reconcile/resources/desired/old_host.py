"""The old host as it is desired: locked before the switch, its domains handed over after it. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from reconcile.resources.desired.context import Context
from reconcile.resources.resource import Desired, Value

#: Panels write their tables anew at night: a handover is proved once more after so long.
_PROVED_AGAIN = dt.timedelta(days=1)


def locks(context: Context) -> Iterator[Desired]:
    """One for the federation and its old host; kept until the host is no longer its affair."""
    legacy, server = context.file.legacy, context.old_server
    if legacy is None or server is None or not server.lockable or not context.old_logins:
        return
    lock = context.address("lock", context.file.domain)
    fields: dict[str, Value] = {"host": legacy.server, "logins": context.old_logins, "proved": True}
    verified = tuple(domain.verified for domain in context.domains)
    yield Desired(lock, fields, verified, context.moments.lock, context.place(("legacy",)))


def handover(context: Context) -> Iterator[Desired]:
    """Once every domain refuses who is unknown, never before: two relays that point at each other are a loop. It is
    proved by then, and again a day later."""
    legacy, server = context.file.legacy, context.old_server
    if legacy is None or server is None or server.handover is None or context.file.migration.date is None:
        return
    address, due = context.address("handover", context.file.domain), context.moments.authoritative
    fields: dict[str, Value] = {
        "host": legacy.server,
        "domains": tuple(sorted(domain.name for domain in context.domains)),
        "known": context.probed,
        "proved": "once" if context.now < due + _PROVED_AGAIN else "again",
    }
    flows = tuple(context.address("mail_flow", domain.name) for domain in context.domains)
    yield Desired(address, fields, flows, due, context.place(("legacy",)))
