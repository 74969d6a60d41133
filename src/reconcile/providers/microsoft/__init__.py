"""Microsoft 365: directory objects through Graph, mailboxes and their permissions through Exchange's InvokeCommand."""

from reconcile.providers.microsoft.provider import first_password_accounts, mail_domains, microsoft_provider
from reconcile.providers.microsoft.wire.auth import Certificate, Credential, Device, Tokens

__all__ = [
    "Certificate",
    "Credential",
    "Device",
    "Tokens",
    "first_password_accounts",
    "mail_domains",
    "microsoft_provider",
]
