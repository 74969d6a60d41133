"""The concrete providers, chosen here and handed down; nobody below knows them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from reconcile.cli.session.credential import registration
from reconcile.cli.session.session import Session
from reconcile.cli.wiring.closing import closing
from reconcile.cli.wiring.copies import copies_location
from reconcile.cli.wiring.legacy.legacy import legacy
from reconcile.cli.wiring.letters.post import post
from reconcile.cli.wiring.passwords.delivery import delivery
from reconcile.cli.wiring.passwords.vault import first_passwords
from reconcile.language.phrase import Phrase
from reconcile.providers.base import Provider, Reader

if TYPE_CHECKING:
    from reconcile.providers.dns.composite import DnsServices


def providers(session: Session) -> Mapping[str, Provider]:
    """Every provider of this call, by name. Raises AUTH01 without the keys that writing takes; that of the vault is
    asked for when something is delivered."""
    dns = dns_services(session).provider(session.state / "dns")
    others = (dns, legacy(session), delivery(session), post(session), closing(session))
    return {provider.name: provider for provider in (*_tenant_and_copies(session), *others)}


def readers(session: Session) -> Mapping[str, Reader]:
    """The readers alone: a plan needs no key that could change a zone."""
    found = {provider.name: provider.reader for provider in _tenant_and_copies(session)}
    found |= {
        provider.name: provider.reader
        for provider in (legacy(session), delivery(session), post(session), closing(session))
    }
    return found | {"dns": dns_services(session).reader()}


def _tenant_and_copies(session: Session) -> tuple[Provider, Provider]:
    from reconcile.providers.copies import copies_provider
    from reconcile.providers.microsoft.provider import microsoft_provider

    queue = copies_location(session).jobs
    tenant = microsoft_provider(
        session.outside,
        registration(session),
        session.clock,
        first_passwords(session),
        copied=queue.copied,
    )
    return tenant, copies_provider(queue)


def dns_services(session: Session) -> DnsServices:
    """Where the zones of this call are kept; the sandbox keeps all of them itself."""
    from reconcile.providers.dns.composite import DnsServices

    settings = session.outside.dns
    if session.sandbox:
        settings = settings.model_copy(update={"hosted": {}, "manual": {}, "names": session.settings.dns.names})

    def secret(account: str, option: str) -> str:
        if not account:
            return session.secret("RECONCILE_DNS_KEY", settings.key_file, Phrase("TSIG key of the DNS server"))
        variable = re.sub(r"\W", "_", f"RECONCILE_DNS_{account}_{option}".upper())
        return session.secret(
            variable, None, Phrase("{option} of the DNS account {account}", option=option, account=account)
        )

    return DnsServices(settings, secret, session.clock, session.zone)
