"""Microsoft 365: directory objects through Graph, mailboxes and their permissions through Exchange's InvokeCommand."""

from reconcile.providers.microsoft.auth import Certificate, Credential, Device, Tokens
from reconcile.providers.microsoft.provider import microsoft_provider

__all__ = ["Certificate", "Credential", "Device", "Tokens", "microsoft_provider"]
