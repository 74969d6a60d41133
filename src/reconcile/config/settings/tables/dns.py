"""The table [dns] and those below it: the primary, zones at DNS hosts, zones changed by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from reconcile.config.settings.in_the_clear import refuse_in_the_clear
from reconcile.config.settings.tables.table import Name, Port, Table
from reconcile.language.phrase import Phrase


class DnsServer(Table):
    """A primary that takes RFC 2136 updates, for every zone that no table below names."""

    host: str = ""
    """The primary; none when every zone is in a table below."""
    port: Port = 53
    """The primary's port."""
    key_name: str = ""
    """The TSIG key's name; for gss-tsig the server's Kerberos name, DNS@ and its host when unsaid."""
    key_algorithm: str = "hmac-sha256"
    """hmac-sha224 to hmac-sha512, or gss-tsig: then a Kerberos ticket signs, as Active Directory wants it."""
    key_file: Path | None = None
    """File holding the TSIG secret in base64; RECONCILE_DNS_KEY comes first."""
    resolvers: tuple[str, ...] = ()
    """Recursive resolvers, host or host:port, asked about names that are not ours; none: this machine's own."""
    tls_reports: str = ""
    """Where receivers report how TLS went, such as mailto:tls@spf.example: published for every domain (RFC 8460)."""
    names: dict[Name, DnsName] = Field(default_factory=dict)
    """What may be done at single names of the primary's zones, a table for each name."""
    hosted: dict[str, HostedAccount] = Field(default_factory=dict)
    """Zones at DNS hosts, a table for each account."""
    manual: dict[str, ManualZones] = Field(default_factory=dict)
    """Zones changed by hand, a table for each group."""


class DnsName(Table):
    """One name in a zone."""

    replace: bool = False
    """true to put our alias in the place of other records there (autodiscover's A); dns undo brings them back."""


class HostedAccount(Table):
    """Zones of one account at a DNS host that takes no RFC 2136 updates.

    Its secrets come from the environment alone: RECONCILE_DNS_<NAME OF THE TABLE>_<OPTION>.
    """

    service: Literal["ovh", "gandi", "cloudflare", "azure", "powerdns"]
    """The DNS host."""
    zones: tuple[str, ...] = Field(min_length=1)
    """The zones of the account that are written there; every name below one of them belongs to it."""
    options: dict[str, str | int] = Field(default_factory=dict)
    """octoDNS's options for that service that are no secret, such as endpoint = "ovh-eu"."""
    server: str = ""
    """One of the host's name servers, which dns check and the checks before a switch ask; none: they are left out."""
    port: Port = 53
    """That name server's port."""
    in_the_clear: bool = False
    """true to let the API's key cross a network unencrypted: PowerDNS without scheme = "https"."""

    @model_validator(mode="after")
    def _only_when_said(self) -> HostedAccount:
        # octoDNS's own default for PowerDNS is http.
        secured = self.service != "powerdns" or self.options.get("scheme") == "https"
        if not (secured or self.in_the_clear):
            refuse_in_the_clear(Phrase("the API's key"), str(self.options.get("host", "")), "in_the_clear")
        return self


class ManualZones(Table):
    """Zones nobody lets us write: each change is said in full, and checked once somebody made it."""

    zones: tuple[str, ...] = Field(min_length=1)
    """The zones; every name below one of them belongs to it."""
    host: str
    """An authoritative server of the zones, to read them from."""
    port: Port = 53
    """That server's port."""
