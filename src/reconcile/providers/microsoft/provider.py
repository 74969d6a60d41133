"""The Microsoft 365 provider, wired."""

from __future__ import annotations

import random as system_random
from collections.abc import Callable, Collection

from reconcile.clock import Clock
from reconcile.config.settings.settings import Settings
from reconcile.providers.base import InOneGo, Provider
from reconcile.providers.microsoft.reading.lists import list_accepted
from reconcile.providers.microsoft.reading.reader import MicrosoftReader
from reconcile.providers.microsoft.reading.watch import Watch
from reconcile.providers.microsoft.wire.auth import Registration
from reconcile.providers.microsoft.wire.connection import connect
from reconcile.providers.microsoft.wire.refusals import Refused, explained
from reconcile.providers.microsoft.wire.transport import Transport
from reconcile.providers.microsoft.writing.mailbox.accounts import NewPassword
from reconcile.providers.microsoft.writing.mailbox.first_passwords import FirstPasswordAccounts
from reconcile.providers.microsoft.writing.services import Surfaces
from reconcile.providers.microsoft.writing.writer import MicrosoftWriter
from reconcile.resources.address import NETWORK, Address

#: Creating a mailbox is nearly all waiting, and so is giving a right to somebody whom Exchange does not know yet: a
#: whole batch of federations may wait at once. What is sent at a time is bounded by ``graph.CONCURRENT`` and
#: ``exchange.CONCURRENT``. The copier waits for nobody and no switch waits for it: a few of its rights at a time leave
#: room for the others.
PARALLEL = {
    "domain": 4,
    "domain_verification": 8,
    "connector": 1,
    "mailbox": 2000,
    "access": 2000,
    "copy_access": 8,
}


def microsoft_provider(
    settings: Settings,
    registration: Registration,
    clock: Clock,
    password: NewPassword,
    random: Callable[[], float] = system_random.random,
    transport: type[Transport] = Transport,
    copied: Callable[[], Collection[str]] = frozenset,
) -> Provider:
    """The provider ``microsoft``. Nothing is sent before the first read or write.

    ``registration``: who signs in, with a client secret, a certificate, or an identity lent by a pipeline.
    ``password`` answers the first password of each account that is created, sealed already; ``random`` spreads retries;
    ``transport`` sends; ``copied`` answers the mailboxes into which nothing is left to copy.
    """
    sender = transport(clock, random, settings.tenant.ca_file)
    surfaces = _surfaces(settings, registration, clock, sender)
    writer = MicrosoftWriter(surfaces, password)
    return Provider(
        name="microsoft",
        reader=MicrosoftReader(surfaces.graph, surfaces.exchange, settings, copied),
        writer=InOneGo(writer, clock),
        parallel=PARALLEL,
        throttled=sender.throttled,
        following=sender.following,
        ahead=sender.ahead,
        patient=writer,
    )


def first_password_accounts(
    settings: Settings,
    registration: Registration,
    clock: Clock,
    random: Callable[[], float] = system_random.random,
) -> FirstPasswordAccounts:
    """The accounts of people, as far as their first passwords go; arguments as ``microsoft_provider``'s."""
    sender = Transport(clock, random, settings.tenant.ca_file)
    return FirstPasswordAccounts(_surfaces(settings, registration, clock, sender))


def mail_domains(
    settings: Settings,
    registration: Registration,
    clock: Clock,
    random: Callable[[], float] = system_random.random,
) -> tuple[str, ...]:
    """The domains Exchange takes mail for, but for the tenant's own ones; arguments as ``microsoft_provider``'s.

    Raises ``Problem`` with a code AUTH… or M365-…
    """
    sender = Transport(clock, random, settings.tenant.ca_file)
    exchange = _surfaces(settings, registration, clock, sender).exchange
    try:
        names = list_accepted(exchange)
    except Refused as refused:
        raise explained(refused, Address(NETWORK, "domain", "Get-AcceptedDomain")) from None
    return tuple(sorted(name for name in names if not name.endswith(".onmicrosoft.com")))


def _surfaces(settings: Settings, registration: Registration, clock: Clock, sender: Transport) -> Surfaces:
    signing_in = settings.tenant.model_copy(update={"client_id": registration.client_id or settings.tenant.client_id})
    graph, exchange = connect(signing_in, registration.credential, sender, clock)
    return Surfaces(graph, exchange, clock, settings, Watch(graph, exchange))
