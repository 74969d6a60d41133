"""Mailboxes in Exchange."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.tenant.client import ANCHOR, Boxes, Client, refusal

CONTACT = "contact@national.example"
STAFF = "karim.benali@national.example"


def _table(**verbs: list[str]) -> dict[str, Any]:
    return {"@odata.type": "#Exchange.GenericHashTable", **verbs}


def _held(client: Client, identity: str = CONTACT) -> set[str]:
    return set(client.rows("Get-Mailbox", Identity=identity)[0]["EmailAddresses"])


def test_an_alias_is_added_and_removed_and_the_rest_stays(client: Client) -> None:
    before = _held(client)
    client.rows("Set-Mailbox", Identity=CONTACT, EmailAddresses=_table(Add=["smtp:bureau@national.example"]))
    assert _held(client) == before | {"smtp:bureau@national.example"}
    user = client.rows("Get-Mailbox", Identity=CONTACT)[0]["ExternalDirectoryObjectId"]
    shown = client.graph("GET", f"/users/{user}?$select=proxyAddresses").json()["proxyAddresses"]
    assert "smtp:bureau@national.example" in shown
    client.rows("Set-Mailbox", Identity=CONTACT, EmailAddresses=_table(Remove=["smtp:BUREAU@national.example"]))
    assert _held(client) == before


def test_a_full_list_loses_every_address_it_does_not_name(client: Client) -> None:
    client.rows("Set-Mailbox", Identity=CONTACT, EmailAddresses=[CONTACT, "bureau@national.example"])
    assert _held(client) == {f"SMTP:{CONTACT}", "smtp:bureau@national.example"}


def test_the_primary_moves_and_the_old_one_stays_as_alias(client: Client) -> None:
    client.rows("Set-Mailbox", Identity=CONTACT, WindowsEmailAddress="bonjour@national.example")
    assert {"SMTP:bonjour@national.example", f"smtp:{CONTACT}"} <= _held(client)


@pytest.mark.parametrize(
    ("parameters", "exception"),
    [
        ({"EmailAddresses": []}, "RecipientTaskException"),
        ({"EmailAddresses": ["SMTP:a@national.example", "SMTP:b@national.example"]}, "RecipientTaskException"),
        ({"EmailAddresses": _table(Remove=[f"smtp:{CONTACT}"])}, "RecipientTaskException"),
        ({"EmailAddresses": _table(Add=[STAFF])}, "ProxyAddressExistsException"),
        ({"EmailAddresses": _table(Add=["x@elsewhere.example"])}, "NotAcceptedDomainException"),
        ({"EmailAddresses": _table(Add=["hélène@national.example"])}, "ParameterBindingException"),
        ({"EmailAddresses": {"Add": ["x@national.example"]}}, "ParameterBindingException"),
        ({"PrimarySmtpAddress": "x@national.example"}, "ParameterBindingException"),
        ({"Type": "Palace"}, "ParameterBindingException"),
        ({"HiddenFromAddressListsEnabled": "yes"}, "ParameterBindingException"),
        ({"MaxReceiveSize": "plenty"}, "ParameterBindingException"),
        ({"GrantSendOnBehalfTo": _table(Add=["nobody@national.example"])}, "ManagementObjectNotFoundException"),
        ({"MicrosoftOnlineServicesID": STAFF}, "WLCDManagedMemberExistsException"),
        ({"Alias": "karim.benali"}, "RecipientTaskException"),
        ({"Name": "karim.benali"}, "ADObjectAlreadyExistsException"),
    ],
)
def test_a_change_exchange_refuses_leaves_the_mailbox_alone(
    client: Client, parameters: dict[str, Any], exception: str
) -> None:
    before = client.rows("Get-Mailbox", Identity=CONTACT)
    answer = client.invoke("Set-Mailbox", Identity=CONTACT, MailTip="changed", **parameters)
    assert refusal(answer)[1] == exception
    assert client.rows("Get-Mailbox", Identity=CONTACT) == before


def test_an_address_is_unique_whatever_its_case_and_the_holder_is_named(client: Client) -> None:
    answer = client.invoke("Set-Mailbox", Identity=CONTACT, EmailAddresses=_table(Add=[STAFF.upper()]))
    [detail] = answer.json()["error"]["details"]
    assert "ProxyAddressExistsException" in detail["message"]
    assert "CN=karim.benali," in detail["message"]


def test_an_address_only_the_directory_holds_is_refused_in_the_directorys_words(client: Client) -> None:
    client.user("jeanne@national.example")
    answer = client.invoke("Set-Mailbox", Identity=CONTACT, EmailAddresses=_table(Add=["jeanne@national.example"]))
    assert "A Microsoft Entra ID call was made" in answer.json()["error"]["details"][0]["message"]


def test_what_changes_nothing_says_so(client: Client) -> None:
    answer = client.invoke("Set-Mailbox", Identity=CONTACT, HiddenFromAddressListsEnabled=False)
    assert "no settings of 'contact' have been modified" in answer.json()["@adminapi.warnings"][0]
    assert client.invoke("Set-Mailbox", Identity=CONTACT, MaxReceiveSize="150MB").json()["@adminapi.warnings"] == []
    assert client.rows("Get-Mailbox", Identity=CONTACT)[0]["MaxReceiveSize"] == "150 MB (157,286,400 bytes)"


def test_a_shared_mailbox_signs_in_under_the_default_domain_with_a_name_of_its_own(client: Client) -> None:
    [box] = client.rows("New-Mailbox", Shared=True, Name="accueil.siege", PrimarySmtpAddress="accueil@national.example")
    assert (box["UserPrincipalName"], box["RecipientTypeDetails"]) == (
        "accueil.siege@national.example",
        "SharedMailbox",
    )
    assert box["AccountDisabled"] is False
    again = client.invoke("New-Mailbox", Shared=True, Name="Accueil.Siege", Alias="other")
    assert refusal(again) == (400, "ADObjectAlreadyExistsException")
    taken = client.invoke("New-Mailbox", Shared=True, Name="accueil2", PrimarySmtpAddress="accueil@national.example")
    assert refusal(taken) == (400, "ProxyAddressExistsException")
    assert client.graph("GET", "/users/accueil2@national.example").status_code == 404


def test_a_removed_mailbox_takes_its_user_to_the_bin(client: Client, boxes: Boxes) -> None:
    [box] = client.rows("Get-Mailbox", Identity=CONTACT)
    client.rows("Remove-Mailbox", Identity=box["Guid"], Confirm=False)
    deleted = client.graph("GET", "/directory/deletedItems/microsoft.graph.user?$select=id").json()["value"]
    assert deleted == [{"id": box["ExternalDirectoryObjectId"]}]
    assert box["Guid"] not in boxes.open


def test_the_sent_copies_custom_attributes_and_kind_are_set(client: Client) -> None:
    client.rows("Set-Mailbox", Identity=STAFF, Type="Shared", MessageCopyForSentAsEnabled=True, CustomAttribute1="spf")
    [box] = client.rows("Get-Mailbox", Identity=STAFF)
    assert (box["IsShared"], box["MessageCopyForSentAsEnabled"], box["CustomAttribute1"]) == (True, True, "spf")
    shown = client.graph("GET", f"/users/{STAFF}?$select=onPremisesExtensionAttributes").json()
    assert shown["onPremisesExtensionAttributes"]["extensionAttribute1"] == "spf"


def test_no_identity_gives_everybody_and_an_unknown_one_nobody(client: Client) -> None:
    assert len(client.rows("Get-Mailbox", Identity="")) == 11
    assert refusal(client.invoke("Get-Mailbox", Identity="nobody")) == (404, "ManagementObjectNotFoundException")
    client.rows("Set-Mailbox", Identity=CONTACT, DisplayName="Karim Benali")
    assert refusal(client.invoke("Get-Mailbox", Identity="Karim Benali"))[1] == "ManagementObjectAmbiguousException"


def test_every_list_guid_and_date_has_its_companion(client: Client) -> None:
    [box] = client.rows("Get-Mailbox", Identity=CONTACT)
    assert box["EmailAddresses@odata.type"] == "#Collection(String)"
    assert (box["Guid@data.type"], box["Guid@odata.type"]) == ("System.Guid", "#Guid")
    assert box["WhenCreatedUTC@data.type"] == "System.DateTime"
    missing = [name for name, value in box.items() if isinstance(value, list) and f"{name}@odata.type" not in box]
    assert missing == []


def test_only_the_selected_properties_are_answered(client: Client) -> None:
    answer = client.invoke("Get-Mailbox", select="Guid,EmailAddresses", Identity=CONTACT)
    [row] = answer.json()["value"]
    assert {name for name in row if "@" not in name} == {"Guid", "EmailAddresses"}
    assert refusal(client.invoke("Get-Mailbox", select="ShoeSize", Identity=CONTACT))[0] == 400


def test_mailboxes_are_found_by_kind_and_filter(client: Client) -> None:
    assert len(client.rows("Get-Mailbox", RecipientTypeDetails=["SharedMailbox"], ResultSize="Unlimited")) == 1
    assert client.invoke("Get-Mailbox", RecipientTypeDetails=["Dog"]).status_code == 400
    found = client.rows(
        "Get-Recipient", Filter="EmailAddresses -like '*@national.example' -and Alias -eq 'karim.benali'"
    )
    assert [row["PrimarySmtpAddress"] for row in found] == [STAFF]
    assert client.invoke("Get-Recipient", Filter="Alias is karim").status_code == 400


def test_a_long_list_comes_in_pages_that_want_the_same_request_again(client: Client) -> None:
    first = client.invoke("Get-Mailbox", prefer="odata.maxpagesize=4", ResultSize="Unlimited").json()
    seen, link = list(first["value"]), first["@odata.nextLink"]
    other = client.invoke("Get-Recipient", url=link, ResultSize="Unlimited")
    assert "Expired or Invalid pagination request" in other.json()["error"]["message"]
    while link:
        page = client.invoke("Get-Mailbox", prefer="odata.maxpagesize=4", url=link, ResultSize="Unlimited").json()
        seen, link = seen + page["value"], page.get("@odata.nextLink")
    assert len({row["Guid"] for row in seen}) == len(seen) == 11


def test_a_list_cut_by_its_size_only_warns(client: Client) -> None:
    answer = client.invoke("Get-Mailbox", ResultSize=3).json()
    assert len(answer["value"]) == 3
    assert "only the first 3 items are returned" in answer["@adminapi.warnings"][0]
    assert "@odata.nextLink" not in answer


def test_an_unknown_cmdlet_is_answered_with_nul_bytes(client: Client) -> None:
    url = f"{client.server.url}/adminapi/beta/{client.server.tenant_id}/InvokeCommand"
    headers = {"Authorization": f"Bearer {client.token('https://outlook.office365.com')}", "X-AnchorMailbox": ANCHOR,
               "Accept-Encoding": "identity"}  # fmt: skip
    body = {"CmdletInput": {"CmdletName": "Get-Coffee", "Parameters": {}}}
    with client.http.post(url, json=body, headers=headers, stream=True) as answer:
        assert (answer.status_code, set(answer.raw.read(decode_content=False))) == (403, {0})
    del headers["X-AnchorMailbox"]
    assert client.http.post(url, json=body, headers=headers).status_code == 400
    assert client.http.post(url.replace("beta", "v1.0"), json=body, headers=headers).status_code == 405


def test_a_batch_of_cmdlets_is_matched_by_id(client: Client) -> None:
    url = f"{client.server.url}/adminapi/beta/{client.server.tenant_id}"
    names = {"1": "Get-AcceptedDomain", "2": "Get-OrganizationConfig", "3": "Get-Coffee"}
    parts = [
        {
            "id": key, "method": "POST", "url": f"{url}/InvokeCommand", "headers": {"X-AnchorMailbox": ANCHOR},
            "body": {"CmdletInput": {"CmdletName": name, "Parameters": {}}},
        }
        for key, name in names.items()
    ]  # fmt: skip
    headers = {"Authorization": f"Bearer {client.token('https://outlook.office365.com')}"}
    answer = client.http.post(f"{url}/$batch", json={"requests": parts}, headers=headers).json()["responses"]
    assert {part["id"]: part["status"] for part in answer} == {"1": 200, "2": 200, "3": 403}
    many = client.http.post(f"{url}/$batch", json={"requests": parts * 4}, headers=headers)
    assert many.status_code == 400
    del parts[0]["headers"]
    without_anchor = client.http.post(f"{url}/$batch", json={"requests": parts[:1]}, headers=headers).json()
    assert without_anchor["responses"][0]["status"] == 400


def test_sizes_and_protocols_are_reported(client: Client, boxes: Boxes) -> None:
    client.control("portal", {"address": STAFF, "stored_bytes": 3 * 1024**3})
    assert client.rows("Get-MailboxStatistics", Identity=STAFF)[0]["TotalItemSize"] == "3 GB (3,221,225,472 bytes)"
    assert client.rows("Get-CASMailbox", Identity=STAFF)[0]["ImapEnabled"] is True
    client.rows("Add-MailboxPermission", Identity=STAFF, User=client.server.client_id, AccessRights=["FullAccess"])
    assert boxes.open[boxes.of(STAFF)]
    client.rows("Set-CASMailbox", Identity=STAFF, ImapEnabled=False)
    assert not boxes.open[boxes.of(STAFF)]
