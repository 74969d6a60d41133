"""The tenant when it makes things hard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.sandbox.tenant.client import Client, Zones

from reconcile.sandbox.tenant.behaviour.delays import Delays
from reconcile.sandbox.tenant.behaviour.profiles import PROFILES, Profile
from reconcile.sandbox.tenant.behaviour.quotas import Quotas
from reconcile.sandbox.tenant.behaviour.virtual_clock import VirtualClock
from reconcile.sandbox.tenant.https.web import Request
from reconcile.sandbox.tenant.server import TenantOptions, TenantServer

E1 = "Office_365_w/o_Teams_Bundle_E1"
Start = Callable[..., Client]


@pytest.fixture
def start(tmp_path: Path, zones: Zones) -> Iterator[Start]:
    servers = []

    def started(profile: Profile, seed: int = 1) -> Client:
        folder = tmp_path / f"{profile.name}{seed}"
        server = TenantServer(
            folder, resolve=zones.resolve, options=TenantOptions(profile=profile, seed=seed, flow=lambda: 0.0)
        )
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
    settings = {"Identity": contact, "EmailAddresses": {**table, "Add": ["info@national.example"]}}
    assert client.invoke("Set-Mailbox", **settings).status_code == 400
    client.wait(3501)
    assert client.invoke("Set-Mailbox", **settings).status_code == 200


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


def test_behaviour_changes_while_it_runs(start: Start) -> None:
    client = start(PROFILES["calm"])
    now = client.control("behaviour", {"lags": {"mailbox": "never"}, "switches": {"graph_page": "3", "quotas": "on"}})
    assert (now["switches"]["graph_page"], now["switches"]["quotas"]) == (3, True)
    user = client.user("jeanne@national.example")
    client.license(user, add=[E1])
    client.wait(30 * 86400)
    assert client.invoke("Get-Mailbox", Identity=user).status_code == 404
    assert len(client.graph("GET", "/users").json()["value"]) == 3
    assert client.control("behaviour", {"profile": "hostile"})["lags"]["mailbox"] == 900


@pytest.mark.parametrize(
    "settings",
    [{"profile": "rude"}, {"lags": {"mail": 3}}, {"lags": {"mailbox": -1}}, {"switches": {"quotas": "maybe"}}],
)
def test_unknown_behaviour_is_refused(start: Start, settings: dict[str, Any]) -> None:
    client = start(PROFILES["calm"])
    answer = client.http.post(f"{client.server.control}/behaviour", json=settings)
    assert answer.status_code == 400
    assert "ValueError" in answer.json()["error"]


def test_links_to_the_next_page_may_have_expired_or_never_come(start: Start) -> None:
    expired = start(Profile("expired", exchange_page=3, exchange_pages="expired"))
    first = expired.invoke("Get-Mailbox").json()
    again = expired.invoke("Get-Mailbox", url=first["@odata.nextLink"])
    assert (again.status_code, again.json()["error"]["message"][:31]) == (400, "Expired or Invalid pagination r")
    cut = start(Profile("cut", exchange_page=3, exchange_pages="cut")).invoke("Get-Mailbox").json()
    assert (len(cut["value"]), "@odata.nextLink" in cut) == (3, False)
    assert "more results" in cut["@adminapi.warnings"][0]


def test_a_role_takes_its_time(start: Start) -> None:
    client = start(Profile("young", Delays(role=1800)))
    with pytest.raises(requests.exceptions.ContentDecodingError):  # a 403 that calls NUL bytes gzip
        client.invoke("Get-Mailbox")
    client.wait(1801)
    assert client.invoke("Get-Mailbox").status_code == 200


def test_two_who_write_at_once_collide(start: Start) -> None:
    client = start(Profile("crowded", concurrency=1.0))
    answer = client.graph("PATCH", "/users/karim.benali@national.example", {"jobTitle": "DSI"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "Directory_ConcurrencyViolation")


def test_an_unknown_identity_may_give_everybody(start: Start) -> None:
    client = start(Profile("generous", unknown_is_all=True))
    assert len(client.rows("Get-Mailbox", Identity="nobody@national.example")) == 11
    assert len(client.rows("Get-Mailbox", Identity="karim.benali@national.example")) == 1


def test_errors_are_in_the_tenants_language_unless_english_is_asked_for(start: Start) -> None:
    client = start(PROFILES["calm"])
    client.language = "fr-FR"
    french = client.invoke("Get-Mailbox", Identity="nobody").json()["error"]["details"][0]["message"]
    assert french.endswith("|L'opération n'a pas pu être effectuée.")
    client.language = "en-US"
    assert "couldn't be found" in client.invoke("Get-Mailbox", Identity="nobody").text


def test_a_domain_held_elsewhere_is_refused_and_one_of_nobodys_tenant_taken_over(start: Start, zones: Zones) -> None:
    client = start(PROFILES["calm"])
    for name, viral in (("tenue.example", False), ("virale.example", True)):
        client.graph("POST", "/domains", {"id": name})
        records = client.graph("GET", f"/domains/{name}/verificationDnsRecords").json()["value"]
        zones[name, "TXT"] = [record["text"] for record in records if record["recordType"] == "Txt"]
        other = "0ddba11a-0000-4000-8000-000000000001"
        client.control(
            "elsewhere", {"domain": name, "tenant": other, "viral": viral, "forced": viral, "people": ["zoe"]}
        )
        held = client.http.get(f"{client.server.url}/{name}/v2.0/.well-known/openid-configuration").json()
        assert other in held["issuer"]
    refused = client.graph("POST", "/domains/tenue.example/verify", {"forceTakeover": True})
    assert "used elsewhere in Office 365" in refused.json()["error"]["message"]
    assert client.graph("POST", "/domains/virale.example/verify").status_code == 400
    assert client.graph("POST", "/domains/virale.example/verify", {"forceTakeover": True}).status_code == 200
    assert client.graph("GET", "/users/zoe@virale.example").status_code == 200
    realm = client.http.get(f"{client.server.url}/getuserrealm.srf?login=x@virale.example&json=1").json()
    assert (realm["NameSpaceType"], "IsViral" in realm) == ("Managed", False)
