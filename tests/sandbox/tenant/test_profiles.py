"""The tenant when it makes things hard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.sandbox.tenant.client import Client, Zones

from reconcile.sandbox.tenant.delays import Delays
from reconcile.sandbox.tenant.profiles import PROFILES, Profile
from reconcile.sandbox.tenant.quotas import Quotas
from reconcile.sandbox.tenant.server import TenantServer
from reconcile.sandbox.tenant.virtual_clock import VirtualClock
from reconcile.sandbox.tenant.web import Request

E1 = "Office_365_w/o_Teams_Bundle_E1"
Start = Callable[..., Client]


@pytest.fixture
def start(tmp_path: Path, zones: Zones) -> Iterator[Start]:
    servers = []

    def started(profile: Profile, seed: int = 1) -> Client:
        folder = tmp_path / f"{profile.name}{seed}"
        server = TenantServer(folder, resolve=zones.resolve, profile=profile, seed=seed, flow=lambda: 0.0)
        servers.append(server)
        server.start()
        return Client(server)

    yield started
    for server in servers:
        server.stop()


def test_a_fresh_user_is_there_and_not_there_until_every_replica_knows(start: Start) -> None:
    client = start(Profile("flipping", Delays(flipping_reads=60)))
    user = client.user("jeanne@national.example")
    assert {client.graph("GET", f"/users/{user}").status_code for _ in range(20)} == {200, 404}
    client.wait(60)
    assert {client.graph("GET", f"/users/{user}").status_code for _ in range(20)} == {200}


def test_a_deleted_user_haunts_the_lists_for_a_while(start: Start) -> None:
    client = start(Profile("haunted", Delays(deletion_listing=60)))
    [user] = client.graph("GET", "/users?$filter=startswith(mail,'karim')&$select=id").json()["value"]
    client.graph("DELETE", f"/users/{user['id']}")
    assert user in client.graph("GET", "/users?$select=id").json()["value"]
    client.wait(61)
    assert user not in client.graph("GET", "/users?$select=id").json()["value"]


def test_a_released_address_stays_reserved_for_an_hour(start: Start) -> None:
    client = start(Profile("reserved", Delays(released_address=3500)))
    table = {"@odata.type": "#Exchange.GenericHashTable"}
    karim, contact = "karim.benali@national.example", "contact@national.example"
    client.rows("Set-Mailbox", Identity=karim, EmailAddresses={**table, "Add": ["info@national.example"]})
    client.rows("Set-Mailbox", Identity=karim, EmailAddresses={**table, "Remove": ["info@national.example"]})
    wish = {"Identity": contact, "EmailAddresses": {**table, "Add": ["info@national.example"]}}
    assert client.invoke("Set-Mailbox", **wish).status_code == 400
    client.wait(3501)
    assert client.invoke("Set-Mailbox", **wish).status_code == 200


def test_short_and_empty_pages_still_lead_to_everyone(start: Start) -> None:
    client = start(Profile("paged", graph_page=2, empty_pages=True))
    link, seen, sizes = f"{client.server.url}/v1.0/users?$select=id&$top=999", [], set()
    while link:
        page = client.graph("GET", link).json()
        sizes.add(len(page["value"]))
        seen += [row["id"] for row in page["value"]]
        link = page.get("@odata.nextLink", "")
    assert (len(seen), len(set(seen))) == (13, 13)
    assert {0, 2} <= sizes


def test_a_user_cannot_at_once_be_named_in_a_domain_just_verified(start: Start, zones: Zones) -> None:
    client = start(Profile("fresh", Delays(fresh_domain=300)))
    client.domain("spf55.org", zones)
    body = {"accountEnabled": True, "displayName": "C", "mailNickname": "c", "userPrincipalName": "c@spf55.org",
            "passwordProfile": {"password": "Azerty-2026-zut"}}  # fmt: skip
    refused = client.graph("POST", "/users", body)
    assert refused.json()["error"]["message"] == "One or more property values specified are invalid."
    client.wait(300)
    assert client.graph("POST", "/users", body).status_code == 201


def test_seats_are_counted_late(start: Start) -> None:
    client = start(Profile("late", Delays(seat_count=120)))

    def shown() -> int:
        skus = client.graph("GET", "/subscribedSkus").json()["value"]
        return next(int(sku["consumedUnits"]) for sku in skus if sku["skuPartNumber"] == E1)

    before = shown()
    client.license(client.user("jeanne@national.example"), add=[E1])
    assert shown() == before
    client.wait(121)
    assert shown() == before + 1


def test_the_published_quota_of_writes_is_enforced_and_refills() -> None:
    seconds = [0.0]
    clock = VirtualClock(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), lambda: seconds[0])
    quotas = Quotas(clock)
    write = Request.of("POST", "/v1.0/users", {})
    taken = 0
    while not (wait := quotas.charge(write, users=20)):
        taken += 1
    assert (taken, round(wait, 2)) == (3000, 0.05)
    seconds[0] += 0.05
    assert quotas.charge(write, users=20) == 0
    assert quotas.charge(write, users=20) > 0
    assert quotas.charge(Request.of("GET", "/v1.0/domains", {}), users=20) == 0


def test_a_list_of_all_users_costs_more_than_a_short_one() -> None:
    clock = VirtualClock(dt.datetime(2026, 1, 1, tzinfo=dt.UTC), lambda: 0.0)
    whole, short = (Request.of("GET", f"/v1.0/users{query}", {}) for query in ("", "?$select=id&$top=5"))

    def affordable(request: Request) -> int:
        quotas = Quotas(clock)
        return next(count for count in range(10**6) if quotas.charge(request, users=20))

    assert (affordable(whole), affordable(short)) == (1750, 3500)


@pytest.mark.parametrize("name", ["calm", "realistic", "hostile"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_patient_client_gets_there_under_every_profile(start: Start, zones: Zones, name: str, seed: int) -> None:
    client = start(PROFILES[name], seed)
    domain = f"spf{seed}.org"

    def patiently(attempt: Callable[[], requests.Response], done: Callable[[], bool]) -> None:
        for _ in range(300):
            if done():
                return
            _quiet(attempt)
            client.wait(30)
        raise AssertionError("never done")

    def shown(path: str) -> Any:
        answer = _quiet(lambda: client.graph("GET", path))
        return answer.json() if answer is not None and answer.status_code == 200 else {}

    def verified() -> bool:
        for record in shown(f"/domains/{domain}/verificationDnsRecords").get("value", []):
            if record["recordType"] == "Txt":
                zones[domain, "TXT"] = [record["text"]]
        return bool(shown(f"/domains/{domain}").get("isVerified"))

    patiently(lambda: client.graph("POST", "/domains", {"id": domain}), lambda: bool(shown(f"/domains/{domain}")))
    patiently(lambda: client.graph("POST", f"/domains/{domain}/verify"), verified)
    upn = f"camille@{domain}"
    body = {"accountEnabled": True, "displayName": "C", "mailNickname": "c", "userPrincipalName": upn,
            "usageLocation": "FR", "passwordProfile": {"password": "Azerty-2026-zut"}}  # fmt: skip
    patiently(lambda: client.graph("POST", "/users", body), lambda: "id" in shown(f"/users/{upn}"))

    def accepted() -> bool:
        answer = _quiet(lambda: client.invoke("Get-AcceptedDomain", Identity=domain))
        return answer is not None and answer.status_code == 200

    patiently(lambda: client.graph("GET", "/domains"), accepted)
    licence = {"addLicenses": [{"skuId": "b57282e3-65bd-4252-9502-c0eae1e5ab7f"}], "removeLicenses": []}
    patiently(
        lambda: client.graph("POST", f"/users/{upn}/assignLicense", licence),
        lambda: bool(shown(f"/users/{upn}?$select=assignedLicenses").get("assignedLicenses")),
    )
    patiently(lambda: client.graph("GET", "/domains"), lambda: shown(f"/users/{upn}?$select=mail").get("mail") == upn)


def _quiet(attempt: Callable[[], requests.Response]) -> requests.Response | None:
    try:
        return attempt()
    except requests.ConnectionError:
        return None
