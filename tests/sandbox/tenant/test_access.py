"""Who may open a mailbox and send as it."""

from __future__ import annotations

from tests.sandbox.tenant.client import Boxes, Client, refusal

CONTACT = "contact@national.example"
KARIM = "karim.benali@national.example"


def _delegates(client: Client) -> set[str]:
    return {
        row["User"]
        for row in client.rows("Get-MailboxPermission", Identity=CONTACT)
        if not row["IsInherited"] and not row["Deny"] and "FullAccess" in row["AccessRights"]
    }


def test_full_access_is_granted_once_and_a_second_grant_only_warns(client: Client) -> None:
    settings = {"Identity": CONTACT, "User": KARIM, "AccessRights": ["FullAccess"], "AutoMapping": True}
    assert client.invoke("Add-MailboxPermission", **settings).json()["@adminapi.warnings"] == []
    again = client.invoke("Add-MailboxPermission", **settings).json()
    assert "already present" in again["@adminapi.warnings"][0]
    rows = [row for row in client.rows("Get-MailboxPermission", Identity=CONTACT) if row["User"] == KARIM]
    assert [(row["AccessRights"], "AutoMapping" in row) for row in rows] == [(["FullAccess"], False)]


def test_a_right_taken_back_is_gone_and_taking_it_again_only_warns(client: Client) -> None:
    anais = "anais.vuillemin@national.example"
    assert anais in _delegates(client)
    settings = {"Identity": CONTACT, "User": anais, "AccessRights": ["FullAccess"], "Confirm": False}
    client.rows("Remove-MailboxPermission", **settings)
    assert anais not in _delegates(client)
    assert "isn't present" in client.invoke("Remove-MailboxPermission", **settings).json()["@adminapi.warnings"][0]


def test_the_list_of_rights_also_holds_what_nobody_granted(client: Client) -> None:
    rows = client.rows("Get-MailboxPermission", Identity=CONTACT)
    assert any(row["User"] == "NT AUTHORITY\\SELF" for row in rows)
    assert any(row["IsInherited"] and row["Deny"] for row in rows)


def test_a_right_cannot_be_given_to_someone_without_a_mailbox_yet(client: Client) -> None:
    client.user("jeanne@national.example")
    answer = client.invoke("Add-MailboxPermission", Identity=CONTACT, User="jeanne@national.example",
                           AccessRights=["FullAccess"])  # fmt: skip
    assert refusal(answer) == (404, "ManagementObjectNotFoundException")


def test_sending_as_is_granted_listed_for_all_and_taken_back(client: Client) -> None:
    client.rows("Add-RecipientPermission", Identity=CONTACT, Trustee=KARIM, AccessRights=["SendAs"], Confirm=False)
    everyone = client.rows("Get-RecipientPermission", ResultSize="Unlimited")
    assert {row["Trustee"] for row in everyone if row["Identity"] == "contact"} == {
        "NT AUTHORITY\\SELF", "anais.vuillemin@national.example", KARIM,
    }  # fmt: skip
    wrong = client.invoke("Add-RecipientPermission", Identity=CONTACT, Trustee=KARIM, AccessRights=["FullAccess"])
    assert wrong.status_code == 400
    client.rows("Remove-RecipientPermission", Identity=CONTACT, Trustee=KARIM, AccessRights=["SendAs"], Confirm=False)
    assert client.rows("Get-RecipientPermission", Identity=CONTACT, Trustee=KARIM) == []


def test_sending_on_behalf_is_shown_by_recipient_ids_and_emptied_by_an_empty_table(client: Client) -> None:
    table = {"@odata.type": "#Exchange.GenericHashTable", "Add": [KARIM]}
    client.rows("Set-Mailbox", Identity=CONTACT, GrantSendOnBehalfTo=table)
    assert client.rows("Get-Mailbox", Identity=CONTACT)[0]["GrantSendOnBehalfTo"] == ["helene.marchand", "karim.benali"]
    client.rows("Set-Mailbox", Identity=CONTACT, GrantSendOnBehalfTo={"@odata.type": "#Exchange.GenericHashTable"})
    assert client.rows("Get-Mailbox", Identity=CONTACT)[0]["GrantSendOnBehalfTo"] == []


def test_one_who_left_is_shown_by_a_bare_sid_that_can_still_be_removed(client: Client) -> None:
    user = client.rows("Get-Mailbox", Identity="anais.vuillemin@national.example")[0]["ExternalDirectoryObjectId"]
    client.graph("DELETE", f"/users/{user}")
    [orphan] = [name for name in _delegates(client) if name.startswith("S-1-5-21-")]
    client.rows("Remove-MailboxPermission", Identity=CONTACT, User=orphan, AccessRights=["FullAccess"], Confirm=False)
    assert orphan not in _delegates(client)


def test_the_copier_opens_only_the_boxes_it_was_given(client: Client, boxes: Boxes) -> None:
    copier = client.server.copier_principal
    assert client.rows("Get-ServicePrincipal")[0]["ObjectId"] == copier
    client.rows("Add-MailboxPermission", Identity=CONTACT, User=copier, AccessRights=["FullAccess"], AutoMapping=False)
    assert [guid for guid, is_open in boxes.open.items() if is_open] == [boxes.of(CONTACT)]
    assert copier in _delegates(client)
    client.rows("Remove-MailboxPermission", Identity=CONTACT, User=copier, AccessRights=["FullAccess"], Confirm=False)
    assert not any(boxes.open.values())


def test_an_application_exchange_does_not_know_gets_no_right(client: Client) -> None:
    application, principal = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
    settings = {"Identity": CONTACT, "User": principal, "AccessRights": ["FullAccess"]}
    assert client.invoke("Add-MailboxPermission", **settings).status_code == 404
    client.rows("New-ServicePrincipal", AppId=application, ObjectId=principal, DisplayName="other")
    client.rows("Add-MailboxPermission", **settings)
    assert principal in _delegates(client)
