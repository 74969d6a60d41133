"""The cmdlets the tenant serves, with the parameters and values each takes.

From Microsoft's reference pages (MicrosoftDocs/office-docs-powershell). A parameter that is not here, because it exists
on premises only or because the tenant does not act on it, is refused: nothing is accepted and then ignored.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from reconcile.sandbox.tenant.cmdlet_error import CmdletError

_TAG = "#Exchange.GenericHashTable"

#: Parameters every cmdlet takes.
_COMMON = {"confirm": "bool", "erroraction": "text", "warningaction": "text"}


@dataclasses.dataclass(frozen=True, slots=True)
class Cmdlet:
    """``parameters`` maps lower-case names to what they hold: a word for a type, or a tuple of accepted values."""

    name: str
    parameters: Mapping[str, str | tuple[str, ...]]
    needs: tuple[str, ...]

    def bind(self, given: object) -> dict[str, Any]:
        """The parameters by lower-case name, every one known and well-typed. Raises CmdletError."""
        if not isinstance(given, dict):
            raise CmdletError("ParameterBindingException", "Parameters must be an object.")
        bound: dict[str, Any] = {}
        for name, value in given.items():
            kind = self.parameters.get(name.lower()) or _COMMON.get(name.lower())
            if kind is None:
                raise CmdletError(
                    "ParameterBindingException", f"A parameter cannot be found that matches parameter name '{name}'."
                )
            if not _fits(value, kind):
                raise CmdletError(
                    "ParameterBindingException",
                    f"Cannot process argument transformation on parameter '{name}'. The value is not one it takes.",
                )
            bound[name.lower()] = value
        missing = [name for name in self.needs if bound.get(name.lower()) in (None, "", [])]
        if missing:
            raise CmdletError(
                "ParameterBindingException",
                f"Cannot process command because of one or more missing mandatory parameters: {' '.join(missing)}.",
            )
        return bound


def _fits(value: object, kind: str | tuple[str, ...]) -> bool:
    if value is None and kind == tuple(_ROUTE_CHOICES["TlsSettings"].split()):
        return True  # $null
    if isinstance(kind, tuple):
        items = value if isinstance(value, list) else [value]
        choices = {choice.lower() for choice in kind}
        return all(isinstance(item, str) and item.lower() in choices for item in items)
    match kind:
        case "bool":
            return isinstance(value, bool)
        case "number":
            return isinstance(value, int) and not isinstance(value, bool)
        case "many":
            if isinstance(value, dict):
                verbs = {key.lower() for key in value if key != "@odata.type"}
                lists = (item if isinstance(item, list) else [item] for key, item in value.items() if key[0] != "@")
                tagged = value.get("@odata.type") == _TAG and verbs <= {"add", "remove"}
                return tagged and all(isinstance(item, str) for each in lists for item in each)
            return value is None or all(
                isinstance(item, str) for item in (value if isinstance(value, list) else [value])
            )
        case "list":
            return value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value))
        case "size":
            return isinstance(value, (str, int)) and not isinstance(value, bool)
        case _:
            return value is None or isinstance(value, str)


def _cmdlet(
    name: str, needs: str = "", *, choices: Mapping[str, str] | None = None, **kinds: str
) -> tuple[str, Cmdlet]:
    """``needs``: the mandatory parameters. ``kinds``: parameter names by what they hold, as ``_KINDS`` names it."""
    parameters: dict[str, str | tuple[str, ...]] = {}
    for kind, names in kinds.items():
        parameters |= dict.fromkeys(names.lower().split(), _KINDS[kind])
    for parameter, accepted in (choices or {}).items():
        parameters[parameter.lower()] = tuple(accepted.split())
    return name.lower(), Cmdlet(name, parameters, tuple(needs.split()))


_KINDS = {"lists": "list", "text": "text", "flags": "bool", "many": "many", "sizes": "size", "number": "number"}

_MAILBOX_TYPES = (
    "DiscoveryMailbox EquipmentMailbox GroupMailbox LegacyMailbox LinkedMailbox LinkedRoomMailbox RoomMailbox "
    "SchedulingMailbox SharedMailbox TeamMailbox UserMailbox"
)
_RIGHTS = "ChangeOwner ChangePermission DeleteItem ExternalAccount FullAccess ReadPermission"
_CUSTOM = " ".join(f"CustomAttribute{n}" for n in range(1, 16))
_ROUTE_TEXT, _ROUTE_LISTS = "Comment TlsDomain", "RecipientDomains SmartHosts"
_ROUTE_FLAGS = "AllAcceptedDomains Enabled IsTransportRuleScoped TestMode UseMXRecord"
_ROUTE_CHOICES = {
    "ConnectorType": "Partner OnPremises",
    "TlsSettings": "EncryptionOnly CertificateValidation DomainValidation",
}

#: What New- and Set-TransportRule take alike, of what the tenant acts on.
_RULE: dict[str, Any] = {
    "text": "Identity Name Comments ApplyHtmlDisclaimerText ExceptIfHeaderContainsMessageHeader "
    "ExceptIfHeaderMatchesMessageHeader",
    "many": "From SenderDomainIs ExceptIfFrom ExceptIfSubjectOrBodyContainsWords ExceptIfHeaderContainsWords "
    "ExceptIfHeaderMatchesPatterns",
    "number": "Priority",
    "choices": {
        "Mode": "Audit AuditAndNotify Enforce",
        "FromScope": "InOrganization NotInOrganization",
        "SentToScope": "InOrganization NotInOrganization ExternalPartner ExternalNonPartner",
        "SenderAddressLocation": "Header Envelope HeaderOrEnvelope",
        "ApplyHtmlDisclaimerLocation": "Append Prepend",
        "ApplyHtmlDisclaimerFallbackAction": "Wrap Ignore Reject",
        "ExceptIfMessageTypeMatches": "OOF AutoForward Encrypted Calendaring PermissionControlled Voicemail Signed "
        "ApprovalRequest ReadReceipt",
        "RuleErrorAction": "Ignore Defer",
    },
}

CMDLETS: Mapping[str, Cmdlet] = dict(
    (
        _cmdlet(
            "Get-Mailbox", text="Identity Filter", sizes="ResultSize", flags="SoftDeletedMailbox InactiveMailboxOnly "
            "IncludeInactiveMailbox", choices={"RecipientTypeDetails": _MAILBOX_TYPES},
        ),
        _cmdlet(
            "Set-Mailbox", "Identity", many="EmailAddresses GrantSendOnBehalfTo",
            text="Identity DisplayName Name Alias MicrosoftOnlineServicesID WindowsEmailAddress ForwardingSmtpAddress "
            f"MailTip {_CUSTOM}",
            flags="HiddenFromAddressListsEnabled MessageCopyForSentAsEnabled MessageCopyForSendOnBehalfEnabled "
            "DeliverToMailboxAndForward RequireSenderAuthenticationEnabled AccountDisabled Force",
            sizes="MaxReceiveSize MaxSendSize", choices={"Type": "Regular Shared"},
        ),
        _cmdlet(
            "New-Mailbox", "Name Shared", text="Name DisplayName Alias PrimarySmtpAddress FirstName LastName",
            flags="Shared Force",
        ),
        _cmdlet("Remove-Mailbox", "Identity", text="Identity", flags="Force"),
        _cmdlet(
            "Get-Recipient", text="Identity Filter", sizes="ResultSize",
            choices={"RecipientTypeDetails": f"{_MAILBOX_TYPES} MailContact MailUser GuestMailUser "
                     "MailUniversalDistributionGroup MailUniversalSecurityGroup DynamicDistributionGroup"},
        ),
        _cmdlet("Get-UnifiedGroup", text="Identity", flags="IncludeSoftDeletedGroups", sizes="ResultSize"),
        _cmdlet("Get-MailboxPermission", "Identity", text="Identity User", sizes="ResultSize"),
        _cmdlet(
            "Add-MailboxPermission", "Identity User AccessRights", text="Identity User", flags="AutoMapping Deny",
            choices={"AccessRights": _RIGHTS, "InheritanceType": "None All Children SelfAndChildren"},
        ),
        _cmdlet(
            "Remove-MailboxPermission", "Identity User AccessRights", text="Identity User", flags="Deny",
            choices={"AccessRights": f"{_RIGHTS} SendAs", "InheritanceType": "None All Children SelfAndChildren"},
        ),
        _cmdlet("Get-RecipientPermission", text="Identity Trustee", many="AccessRights", sizes="ResultSize"),
        _cmdlet("Add-RecipientPermission", "Identity AccessRights Trustee", text="Identity Trustee",
                choices={"AccessRights": "SendAs"}),
        _cmdlet("Remove-RecipientPermission", "Identity AccessRights Trustee", text="Identity Trustee",
                choices={"AccessRights": "SendAs"}),
        _cmdlet("Get-AcceptedDomain", text="Identity", sizes="ResultSize"),
        _cmdlet("Set-AcceptedDomain", "Identity", text="Identity", flags="MatchSubDomains",
                choices={"DomainType": "Authoritative InternalRelay"}),
        _cmdlet("Get-MailboxStatistics", "Identity", text="Identity"),
        _cmdlet("Get-CASMailbox", text="Identity Filter", sizes="ResultSize",
                choices={"RecipientTypeDetails": _MAILBOX_TYPES}),
        _cmdlet("Set-CASMailbox", "Identity", text="Identity",
                flags="ImapEnabled PopEnabled SmtpClientAuthenticationDisabled OWAEnabled MAPIEnabled EwsEnabled "
                "ActiveSyncEnabled"),
        _cmdlet("Get-ServicePrincipal", text="Identity"),
        _cmdlet("New-ServicePrincipal", "AppId ObjectId", text="AppId ObjectId ServiceId DisplayName"),
        _cmdlet("Remove-ServicePrincipal", "Identity", text="Identity"),
        _cmdlet("Get-OrganizationConfig"),
        _cmdlet("Get-InboundConnector", text="Identity", sizes="ResultSize"),
        _cmdlet("Get-OutboundConnector", text="Identity", flags="IncludeTestModeConnectors IsTransportRuleScoped"),
        _cmdlet("New-OutboundConnector", "Name", text=f"Name {_ROUTE_TEXT}", many=_ROUTE_LISTS, flags=_ROUTE_FLAGS,
                choices=_ROUTE_CHOICES),
        _cmdlet("Set-OutboundConnector", "Identity", text=f"Identity LastValidationTimestamp {_ROUTE_TEXT}",
                many=_ROUTE_LISTS, lists="ValidationRecipients", flags=f"IsValidated {_ROUTE_FLAGS}",
                choices=_ROUTE_CHOICES),
        _cmdlet("Remove-OutboundConnector", "Identity", text="Identity"),
        _cmdlet("Validate-OutboundConnector", "Identity Recipients", text="Identity", many="Recipients"),
        _cmdlet("Get-TransportRule", text="Identity", sizes="ResultSize", choices={"State": "Enabled Disabled"}),
        _cmdlet("New-TransportRule", "Name", **_RULE, flags="Enabled StopRuleProcessing"),
        _cmdlet("Set-TransportRule", "Identity", **_RULE, flags="StopRuleProcessing"),
        _cmdlet("Remove-TransportRule", "Identity", text="Identity"),
        _cmdlet("Enable-TransportRule", "Identity", text="Identity", choices={"Mode": "Audit AuditAndNotify Enforce"}),
        _cmdlet("Disable-TransportRule", "Identity", text="Identity"),
        _cmdlet("Get-MessageTraceV2", text="StartDate EndDate StartingRecipientAddress MessageTraceId",
                many="MessageId RecipientAddress SenderAddress", number="ResultSize",
                choices={"Status": "Delivered Expanded Failed FilteredAsSpam GettingStatus Pending Quarantined"}),
        _cmdlet("Get-DkimSigningConfig", text="Identity"),
        _cmdlet("New-DkimSigningConfig", "DomainName Enabled", text="DomainName", flags="Enabled", number="KeySize"),
        _cmdlet("Set-DkimSigningConfig", "Identity", text="Identity", flags="Enabled PublishTxtRecords"),
    )
)  # fmt: skip
