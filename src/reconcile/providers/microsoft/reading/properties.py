"""Which properties of Exchange's objects are asked for."""

from __future__ import annotations

#: What tells who holds which right on a mailbox.
RIGHTS_SELECT = {
    "Get-MailboxPermission": ("User", "AccessRights", "Deny", "IsInherited"),
    "Get-RecipientPermission": ("Trustee", "AccessRights", "AccessControlType", "IsInherited"),
}
IMAP_SELECT = ("Guid", "ImapEnabled", "PrimarySmtpAddress")
ORGANIZATION = ("Name", "RejectDirectSend")
INBOUND = ("Name", "ConnectorType", "Enabled", "SenderIPAddresses")
OUTBOUND = (
    "Name", "ConnectorType", "Enabled", "AllAcceptedDomains", "IsTransportRuleScoped", "RecipientDomains", "SmartHosts",
    "TestMode", "TlsDomain", "TlsSettings", "UseMXRecord", "ValidationRecipients",
)  # fmt: skip
