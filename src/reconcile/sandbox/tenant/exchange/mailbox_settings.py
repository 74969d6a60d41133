"""What Set-Mailbox and Set-CASMailbox may be told, by name in lower case."""

from __future__ import annotations

from reconcile.sandbox.tenant.name_list import names

SETTINGS = {
    name.lower(): name
    for name in names(
        "HiddenFromAddressListsEnabled MessageCopyForSentAsEnabled MessageCopyForSendOnBehalfEnabled "
        "DeliverToMailboxAndForward RequireSenderAuthenticationEnabled ForwardingSmtpAddress MailTip"
    )
}
PROTOCOLS = {
    name.lower(): name
    for name in names(
        "ActiveSyncEnabled EwsEnabled ImapEnabled MAPIEnabled OWAEnabled PopEnabled SmtpClientAuthenticationDisabled"
    )
}
