"""What the tenant's application was granted: the least that the whole work of the tool needs."""

from __future__ import annotations

from reconcile.sandbox.tenant.name_list import names

#: The least that the whole work of the tool needs; the last is a directory role, the others application permissions.
GRANTED = names(
    "Application.Read.All Domain.ReadWrite.All LicenseAssignment.ReadWrite.All Organization.Read.All "
    "User.ReadWrite.All User-PasswordProfile.ReadWrite.All Exchange.ManageAsApp IMAP.AccessAsApp ExchangeAdministrator"
)
#: What letters sent as a mailbox of the tenant need beside it.
OF_LETTERS = ("Mail.ReadWrite", "Mail.Send")
OF_EXCHANGE = frozenset({"Exchange.ManageAsApp", "IMAP.AccessAsApp"})
EXCHANGE_ROLE = "ExchangeAdministrator"
