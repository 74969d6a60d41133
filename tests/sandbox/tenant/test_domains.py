"""Domains from their first record to their last."""

from __future__ import annotations

from tests.sandbox.tenant.client import Client, Zones


def test_a_domain_is_verified_by_its_record_and_only_once(client: Client, zones: Zones) -> None:
    assert client.graph("POST", "/domains", {"id": "spf55.org"}).json()["isVerified"] is False
    refused = client.graph("POST", "/domains/spf55.org/verify").json()["error"]
    assert refused["message"].startswith("Domain verification failed with the following error: ")
    records = client.graph("GET", "/domains/spf55.org/verificationDnsRecords").json()["value"]
    [text] = [record["text"] for record in records if record["@odata.type"] == "#microsoft.graph.domainDnsTxtRecord"]
    zones["spf55.org", "TXT"] = ["v=spf1 -all", text]
    assert client.graph("POST", "/domains/spf55.org/verify").json()["isVerified"] is True
    again = client.graph("POST", "/domains/spf55.org/verify")
    assert (again.status_code, again.json()["error"]["message"]) == (400, "Domain is already verified.")


def test_exchange_accepts_a_verified_domain_a_minute_later(client: Client, zones: Zones) -> None:
    client.domain("spf55.org", zones)
    rows = {row["DomainName"]: row for row in client.rows("Get-AcceptedDomain")}
    assert (rows["spf55.org"]["DomainType"], rows["spf55.org"]["Default"]) == ("Authoritative", False)
    below = client.invoke("Set-AcceptedDomain", Identity="spf55.org", MatchSubDomains=True)
    assert below.status_code == 400
    client.rows("Set-AcceptedDomain", Identity="spf55.org", DomainType="InternalRelay", MatchSubDomains=True)
    assert client.rows("Get-AcceptedDomain", Identity="spf55.org")[0]["DomainType"] == "InternalRelay"


def test_an_address_in_a_domain_not_yet_accepted_is_refused(client: Client) -> None:
    client.graph("POST", "/domains", {"id": "spf55.org"})
    answer = client.invoke("New-Mailbox", Name="c", Shared=True, PrimarySmtpAddress="contact@spf55.org")
    assert "NotAcceptedDomainException" in answer.json()["error"]["details"][0]["message"]


def test_the_mx_must_be_read_for_it_cannot_be_guessed(client: Client, zones: Zones) -> None:
    client.domain("spf55.org", zones)
    records = client.graph("GET", "/domains/spf55.org/serviceConfigurationRecords").json()["value"]
    needed = {record["recordType"]: record for record in records if not record["isOptional"]}
    assert needed["Mx"]["mailExchange"].startswith("spf55-org.")
    assert needed["Mx"]["mailExchange"].endswith("-v1.mx.microsoft")
    assert needed["Txt"]["text"] == "v=spf1 include:spf.protection.outlook.com -all"
    assert (needed["CName"]["label"], needed["CName"]["canonicalName"]) == (
        "autodiscover.spf55.org", "autodiscover.outlook.com",
    )  # fmt: skip


def test_a_subdomain_of_a_verified_domain_needs_no_record(client: Client, zones: Zones) -> None:
    client.domain("spf55.org", zones)
    added = client.graph("POST", "/domains", {"id": "bar-le-duc.spf55.org"}).json()
    assert (added["isVerified"], added["isRoot"]) == (True, False)
    assert client.graph("GET", "/domains/bar-le-duc.spf55.org/rootDomain").json()["id"] == "spf55.org"


def test_a_domain_in_use_stays_until_nothing_refers_to_it(client: Client, zones: Zones) -> None:
    client.domain("spf55.org", zones)
    user = client.user("camille@spf55.org")
    assert client.graph("DELETE", "/domains/spf55.org").status_code == 400
    [reference] = client.graph("GET", "/domains/spf55.org/domainNameReferences").json()["value"]
    assert (reference["id"], reference["@odata.type"]) == (user, "#microsoft.graph.user")
    assert client.graph("POST", "/domains/spf55.org/forceDelete", {"disableUserAccounts": True}).status_code == 204
    moved = client.graph("GET", f"/users/{user}?$select=userPrincipalName,accountEnabled").json()
    assert moved == {**moved, "userPrincipalName": "camille@entraide.onmicrosoft.com", "accountEnabled": False}
    assert client.graph("GET", "/domains/spf55.org").status_code == 404


def test_a_name_that_is_no_domain_is_refused(client: Client) -> None:
    for name in ("spf55", "spf 55.org", "-spf.org", ""):
        assert client.graph("POST", "/domains", {"id": name}).status_code == 400
    assert client.graph("POST", "/domains", {"id": "national.example"}).status_code == 400
    assert client.graph("POST", "/domains", {"id": "spf56.org", "isVerified": True}).status_code == 400


def test_signing_waits_for_both_selectors(client: Client, zones: Zones) -> None:
    client.domain("spf55.org", zones)
    [made] = client.rows("New-DkimSigningConfig", DomainName="spf55.org", Enabled=False, KeySize=2048)
    assert client.invoke("Set-DkimSigningConfig", Identity="spf55.org", Enabled=True).status_code == 400
    for number in (1, 2):
        zones[f"selector{number}._domainkey.spf55.org", "CNAME"] = [made[f"Selector{number}CNAME"] + "."]
    client.rows("Set-DkimSigningConfig", Identity="spf55.org", Enabled=True)
    [seen] = client.rows("Get-DkimSigningConfig", Identity="spf55.org")
    assert (seen["Enabled"], seen["Status"], seen["Selector1KeySize"]) == (True, "Valid", 2048)
