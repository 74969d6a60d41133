"""Licences and the mailboxes they give."""

from __future__ import annotations

import pytest
from tests.sandbox.tenant.client import Boxes, Client, Zones

from reconcile.sandbox.tenant.behaviour.delays import Delays
from reconcile.sandbox.tenant.server import TenantOptions, TenantServer

E1 = "Office_365_w/o_Teams_Bundle_E1"
E3 = "O365_w/o_Teams_Bundle_E3"
UPN = "jeanne.moreau@national.example"


def test_a_licence_needs_a_country_first(client: Client) -> None:
    user = client.user(UPN, usageLocation=None)
    answer = client.license(user, add=[E1])
    assert (
        answer.json()["error"]["message"] == "License assignment cannot be done for user with invalid usage location."
    )


def test_a_mailbox_comes_minutes_after_its_licence(client: Client, boxes: Boxes) -> None:
    user = client.user(UPN)
    client.license(user, add=[E1])
    assert client.invoke("Get-Mailbox", Identity=user).status_code == 404
    assert not any(UPN in held for held in boxes.addresses.values())
    client.wait(200)
    [box] = client.rows("Get-Mailbox", Identity=user)
    assert (box["ProhibitSendReceiveQuota"], box["UsageLocation"]) == ("50 GB (53,687,091,200 bytes)", "France")
    assert boxes.addresses[box["Guid"]][0] == UPN


def test_a_swap_in_one_call_keeps_the_mailbox_and_its_aliases(client: Client) -> None:
    before = client.mailbox(UPN, E1)
    user = before["ExternalDirectoryObjectId"]
    assert client.license(user, add=[E3], remove=[E1]).status_code == 200
    [after] = client.rows("Get-Mailbox", Identity=user)
    assert (after["Guid"], after["EmailAddresses"]) == (before["Guid"], before["EmailAddresses"])
    assert after["ProhibitSendReceiveQuota"] == "100 GB (107,374,182,400 bytes)"
    details = client.graph("GET", f"/users/{user}/licenseDetails").json()["value"]
    assert [detail["skuPartNumber"] for detail in details] == [E3]


def test_a_swap_that_fails_changes_nothing(tmp_path_factory: pytest.TempPathFactory, zones: Zones) -> None:
    server = TenantServer(
        tmp_path_factory.mktemp("full"), resolve=zones.resolve, options=TenantOptions(seats={"E3": 4})
    )
    server.start()
    client = Client(server)
    user = client.user(UPN)
    client.license(user, add=[E1])
    answer = client.license(user, add=[E3], remove=[E1])
    server.stop()
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == (
        "Subscription with SKU d711d25a-a21c-492f-bd19-aae1e8ebaf30 does not have any available licenses."
    )


def test_a_lost_licence_takes_the_mailbox_away_and_a_new_one_brings_it_back(client: Client, boxes: Boxes) -> None:
    box = client.mailbox(UPN)
    user, guid = box["ExternalDirectoryObjectId"], box["Guid"]
    client.license(user, remove=[E1])
    assert guid not in boxes.open
    assert client.invoke("Get-Mailbox", Identity=user).status_code == 404
    again = client.license(user, remove=[E1])
    assert again.json()["error"]["message"] == "User does not have a corresponding license."
    client.license(user, add=[E1])
    client.wait(200)
    assert client.rows("Get-Mailbox", Identity=user)[0]["Guid"] == guid
    assert guid in boxes.open


def test_seats_are_counted(client: Client) -> None:
    def taken() -> int:
        skus = client.graph("GET", "/subscribedSkus").json()["value"]
        return next(int(sku["consumedUnits"]) for sku in skus if sku["skuPartNumber"] == E1)

    before = taken()
    user = client.user(UPN)
    client.license(user, add=[E1])
    assert taken() == before + 1
    client.graph("DELETE", f"/users/{user}")
    assert taken() == before


def test_a_mailbox_made_before_its_domain_is_accepted_gets_the_tenants_own_address(
    tmp_path_factory: pytest.TempPathFactory, zones: Zones
) -> None:
    slow = Delays(accepted_domain=600)
    server = TenantServer(tmp_path_factory.mktemp("slow"), resolve=zones.resolve, options=TenantOptions(delays=slow))
    server.start()
    client = Client(server)
    client.domain("spf55.org", zones)
    assert client.invoke("Get-AcceptedDomain", Identity="spf55.org").status_code == 404
    box = client.mailbox("camille@spf55.org")
    server.stop()
    assert box["PrimarySmtpAddress"] == "camille@entraide.onmicrosoft.com"


def test_a_mailbox_kept_back_by_a_latent_conflict_says_so_in_one_property_and_comes_after_it(client: Client) -> None:
    user = client.user(UPN)
    client.control("portal", {"address": UPN, "latent_conflict": True})
    client.license(user, add=[E1])
    client.wait(3000)
    assert client.invoke("Get-Mailbox", Identity=user).status_code == 404
    question = f"/users/{user}?$select=serviceProvisioningErrors"
    assert [error["isResolved"] for error in client.graph("GET", question).json()["serviceProvisioningErrors"]] == [
        False
    ]
    client.control("portal", {"address": UPN, "latent_conflict": False})
    client.wait(600)
    assert client.rows("Get-Mailbox", Identity=user)[0]["PrimarySmtpAddress"] == UPN
    assert client.graph("GET", question).json()["serviceProvisioningErrors"] == []
