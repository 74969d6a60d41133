"""One federation from nothing to working mailboxes, and what the tenant shows on the way."""

from __future__ import annotations

from pathlib import Path

from tests.sandbox.tenant.client import Boxes, Client, Zones, har

from reconcile.sandbox.tenant.server import TenantServer

E1 = "Office_365_w/o_Teams_Bundle_E1"
E3 = "O365_w/o_Teams_Bundle_E3"


def test_a_federation_is_set_up_from_domain_to_delegates(
    server: TenantServer, client: Client, zones: Zones, boxes: Boxes, tmp_path: Path
) -> None:
    client.domain("spf55.org", zones)
    box = client.mailbox("camille.durand@spf55.org")
    assert box["PrimarySmtpAddress"] == "camille.durand@spf55.org"
    assert "smtp:camille.durand@entraide.onmicrosoft.com" in box["EmailAddresses"]

    shared = client.rows(
        "New-Mailbox", Name="contact.spf55.org", Alias="contact.spf55.org", DisplayName="Contact 55",
        PrimarySmtpAddress="contact@spf55.org", Shared=True,
    )[0]  # fmt: skip
    user = shared["ExternalDirectoryObjectId"]
    assert client.graph("PATCH", f"/users/{user}", {"accountEnabled": False}).status_code == 404
    client.wait(10)
    assert client.graph("PATCH", f"/users/{user}", {"accountEnabled": False}).status_code == 204
    client.rows("Set-Mailbox", Identity=user, MicrosoftOnlineServicesID="contact@spf55.org")
    client.rows("Add-MailboxPermission", Identity=user, User="camille.durand@spf55.org", AccessRights=["FullAccess"],
                InheritanceType="All", AutoMapping=True, Confirm=False)  # fmt: skip
    client.rows("Add-RecipientPermission", Identity=user, Trustee="camille.durand@spf55.org", AccessRights=["SendAs"],
                Confirm=False)  # fmt: skip
    client.rows("Set-Mailbox", Identity=user, GrantSendOnBehalfTo={
        "@odata.type": "#Exchange.GenericHashTable", "Add": ["camille.durand@spf55.org"]})  # fmt: skip
    client.rows("Add-MailboxPermission", Identity=user, User=server.copier_principal, AccessRights=["FullAccess"],
                InheritanceType="All", AutoMapping=False, Confirm=False)  # fmt: skip

    [seen] = client.rows("Get-Mailbox", Identity=user)
    assert (seen["UserPrincipalName"], seen["GrantSendOnBehalfTo"]) == ("contact@spf55.org", ["camille.durand"])
    trustees = {row["User"] for row in client.rows("Get-MailboxPermission", Identity=user) if not row["IsInherited"]}
    assert trustees == {"NT AUTHORITY\\SELF", "camille.durand@spf55.org", server.copier_principal}
    assert boxes.open == {**dict.fromkeys(boxes.open, False), boxes.of("contact@spf55.org"): True}

    entries = har(tmp_path / "har")["log"]["entries"]
    assert all("Azerty" not in str(entry) and server.client_secret not in str(entry) for entry in entries)
    assert all("eyJ" not in str(entry) for entry in entries)
