"""Network-wide facts, from reconcile.toml: the tenant, the licences, the DNS and mail servers, what is protected."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class Table(BaseModel):
    """A table of reconcile.toml: frozen, no key but those described."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Tenant(Table):
    id: str
    """The tenant's directory id (a GUID)."""
    initial_domain: str
    """The tenant's own domain, something.onmicrosoft.com; it is never touched."""
    client_id: str
    """The app registration that signs in."""
    authority: str = "https://login.microsoftonline.com"
    graph: str = "https://graph.microsoft.com"
    exchange: str = "https://outlook.office365.com"
    ca_file: Path | None = None
    """Certificate authority to trust instead of the usual ones (the sandbox's)."""
    copier_principal: str
    """Object id of the enterprise application (service principal) that copies the mail."""
    usage_location: str = "FR"
    client_secret_file: Path | None = None
    """File holding the client secret; the environment variable RECONCILE_CLIENT_SECRET comes first."""


class Licences(Table):
    """skuPartNumbers accepted for each licence, in order of preference (the tenant may hold the EEA ones)."""

    E1: tuple[str, ...] = ("STANDARDPACK", "Office_365_w/o_Teams_Bundle_E1", "Office_365_E1_(no_Teams)")
    E3: tuple[str, ...] = ("ENTERPRISEPACK", "O365_w/o_Teams_Bundle_E3", "Office_365_E3_(no_Teams)")


class DnsServer(Table):
    """A primary that takes RFC 2136 updates."""

    host: str
    port: int = 53
    key_name: str
    key_algorithm: str = "hmac-sha256"
    key_file: Path | None = None
    """File holding the TSIG secret in base64; RECONCILE_DNS_KEY comes first."""


class ImapServer(Table):
    host: str
    port: int = 993
    tls: bool = True
    ca_file: Path | None = None
    connections: int = 2
    """Connections per mailbox at most."""


class LegacyServer(ImapServer):
    master_user: str
    """A user who may open every mailbox; the login sent is ``mailbox + separator + master_user``."""
    separator: str = "*"
    master_password_file: Path | None = None
    """File holding the master user's password; RECONCILE_LEGACY_PASSWORD comes first."""


class Calendar(Table):
    timezone: str = "Europe/Paris"
    lock: str = "16:00"
    """Time of day, on the eve of the migration date, when the old mailboxes are closed to their users."""
    cutover: str = "18:00"
    """Time of day, on the eve, when mailboxes are created, the MX switches and copies start."""


class Sandbox(Table):
    control: str
    """Address of the sandbox's own control page (its clock); only the sandbox writes this."""


class Settings(Table):
    tenant: Tenant
    licences: Licences = Licences()
    dns: DnsServer
    legacy: dict[str, LegacyServer]
    destination: ImapServer = ImapServer(host="outlook.office365.com")
    calendar: Calendar = Calendar()
    protected: tuple[str, ...] = ()
    """Addresses and domains that are never touched, whatever a federation file says."""
    sandbox: Sandbox | None = None
