"""Graph and Exchange of one tenant, ready to be asked."""

from __future__ import annotations

from reconcile.clock import Clock
from reconcile.config.settings.tables.tenant.tenant import Tenant
from reconcile.providers.microsoft.wire.auth import Credential, Tokens
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.graph import Graph
from reconcile.providers.microsoft.wire.message import Service
from reconcile.providers.microsoft.wire.pacing import Quota
from reconcile.providers.microsoft.wire.transport import Transport


def connect(tenant: Tenant, credential: Credential, sender: Transport, clock: Clock) -> tuple[Graph, Exchange]:
    """Nothing is sent, nor signed in, before the first request."""
    tokens = Tokens(tenant, credential)
    directory = Service("Microsoft Graph", tenant.graph, tokens.graph, tokens.renew)
    mail = Service("Exchange", tenant.exchange, tokens.exchange, tokens.renew)
    return Graph(directory, sender, clock, Quota(clock)), Exchange(mail, sender, clock, tenant.id, tokens.person)
