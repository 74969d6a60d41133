"""The concrete providers, chosen here and handed down; nobody below knows them."""

from __future__ import annotations

from collections.abc import Mapping

from reconcile.cli.copies import copies_place
from reconcile.cli.credential import credential
from reconcile.cli.session import Session
from reconcile.providers.base import Provider


def providers(session: Session) -> Mapping[str, Provider]:
    """Every provider of this call, by name: the tenant, DNS and the copies."""
    from reconcile.providers.copies import copies_provider
    from reconcile.providers.dns.provider import dns_provider
    from reconcile.providers.microsoft.provider import microsoft_provider

    settings = session.settings
    key = session.secret("RECONCILE_DNS_KEY", settings.dns.key_file, "TSIG key of the DNS server")
    queue = copies_place(session).jobs
    found = (
        microsoft_provider(settings, credential(session), session.clock, copied=queue.copied),
        dns_provider(settings.dns, key, session.clock, session.state / "dns", session.zone),
        copies_provider(queue),
    )
    return {provider.name: provider for provider in found}
