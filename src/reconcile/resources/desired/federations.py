"""The resources a set of federations describes. Pure.

The order between them is written in this folder, once: domain → verification and relay → lock → mailboxes → access →
MX of all the federation's domains. The MX waits for the turn of every mailbox, and the relay covers those that are
late; unknown addresses are refused once the MX is switched and no mailbox is missing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

from reconcile.config.federation.federation import Federation
from reconcile.config.settings.settings import Settings
from reconcile.resources.desired.context import Context
from reconcile.resources.desired.copies import copies
from reconcile.resources.desired.credentials import credentials
from reconcile.resources.desired.domains import domains
from reconcile.resources.desired.mailboxes import mailbox_and_access
from reconcile.resources.desired.old_host import handover, locks
from reconcile.resources.resource import Desired


def compile_federations(federations: Iterable[Federation], settings: Settings, now: dt.datetime) -> tuple[Desired, ...]:
    """Every resource the federations describe, prerequisites named. The federations must have passed validation.

    ``now`` decides what a record's TTL should be (short around the switch, the usual one once it is settled) and
    whether a domain's unknown addresses are relayed or refused.
    """
    return tuple(resource for federation in federations for resource in _resources(Context(federation, settings, now)))


def _resources(context: Context) -> Iterator[Desired]:
    yield from domains(context)
    yield from locks(context)
    yield from handover(context)
    for address, mailbox in context.file.mailboxes.items():
        yield from mailbox_and_access(context, address, mailbox)
        yield from copies(context, address, mailbox)
    yield from credentials(context)


def declared_domains(federations: Iterable[Federation]) -> dict[str, str]:
    """Every declared mail domain → its federation's slug: the boundary nothing is written beyond."""
    return {domain: federation.slug for federation in federations for domain in federation.domains}
