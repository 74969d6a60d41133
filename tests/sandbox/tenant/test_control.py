"""The clock, the portal, the faults and the recording."""

from __future__ import annotations

import datetime as dt
import email.utils
import json
from pathlib import Path

import pytest
import requests
from tests.sandbox.tenant.client import Boxes, Client, Zones, har

from reconcile.sandbox.tenant.server import TenantOptions, TenantServer

E3 = "O365_w/o_Teams_Bundle_E3"
KARIM = "karim.benali@national.example"


def test_the_clock_leaps_forward_and_never_back(client: Client) -> None:
    before = dt.datetime.fromisoformat(client.control("clock")["now"])
    client.wait(3600)
    after = dt.datetime.fromisoformat(client.control("clock")["now"])
    assert dt.timedelta(seconds=3600) <= after - before < dt.timedelta(seconds=3700)
    told = client.control("clock", {"advance_to": before.isoformat()})
    assert dt.datetime.fromisoformat(told["now"]) >= after


def test_the_tenant_dates_its_answers_by_its_own_clock(client: Client) -> None:
    client.wait(3600)
    told = email.utils.parsedate_to_datetime(client.graph("GET", "/domains").headers["Date"])
    now = dt.datetime.fromisoformat(client.control("clock")["now"])
    assert abs(now - told) < dt.timedelta(seconds=100)


def test_the_administrator_changes_a_licence_and_an_alias_by_hand(client: Client, tmp_path: Path) -> None:
    user = client.mailbox("jeanne@national.example")["ExternalDirectoryObjectId"]
    before = len(har(tmp_path / "har")["log"]["entries"])
    client.control("portal", {"address": "jeanne@national.example", "licence": "E3", "add_alias": "j@national.example"})
    client.control("portal", {"address": "jeanne@national.example", "block_sign_in": True})
    client.control("portal", {"address": "contact@national.example", "add_full_access": "jeanne@national.example"})
    assert len(har(tmp_path / "har")["log"]["entries"]) == before
    details = client.graph("GET", f"/users/{user}/licenseDetails").json()["value"]
    assert [detail["skuPartNumber"] for detail in details] == [E3]
    assert "smtp:j@national.example" in client.rows("Get-Mailbox", Identity=user)[0]["EmailAddresses"]
    assert client.graph("GET", f"/users/{user}?$select=accountEnabled").json()["accountEnabled"] is False
    client.control("portal", {"address": "jeanne@national.example", "remove_alias": "j@national.example"})
    assert "smtp:j@national.example" not in client.rows("Get-Mailbox", Identity=user)[0]["EmailAddresses"]


def test_the_status_counts_what_the_tenant_holds(client: Client) -> None:
    status = client.control("status")
    assert (status["users"], status["mailboxes"], status["shared_mailboxes"]) == (13, 11, 1)
    assert status["domains"]["national.example"] == "accepted"
    assert status["seats"][E3] == {"enabled": 30, "taken": 4}


def test_a_wrong_wish_to_the_control_page_is_explained(client: Client) -> None:
    for page, body in (("portal", {"address": "nobody@x.example"}), ("portal", {"address": KARIM, "dance": True}),
                       ("fault", {"kind": "earthquake"}), ("clock", {"advance_to": "tomorrow"})):  # fmt: skip
        answer = client.http.post(f"{client.server.control}/{page}", json=body)
        assert (answer.status_code, bool(answer.json()["error"])) == (400, True)


def test_an_outage_strikes_as_often_as_it_was_told_to(client: Client) -> None:
    client.control("fault", {"kind": "unavailable", "path_contains": "/domains", "count": 2})
    assert [client.graph("GET", "/domains").status_code for _ in range(3)] == [503, 503, 200]
    client.control("fault", {"kind": "throttle", "path_contains": "Get-Mailbox"})
    throttled = client.invoke("Get-Mailbox", ResultSize="Unlimited")
    assert (throttled.status_code, throttled.headers["Retry-After"]) == (429, "2.128")
    assert client.invoke("Get-Mailbox", ResultSize="Unlimited").status_code == 200


def test_a_write_whose_answer_was_lost_was_carried_out(client: Client) -> None:
    client.control("fault", {"kind": "drop_answer", "path_contains": f"PATCH /v1.0/users/{KARIM}"})
    with pytest.raises(requests.ConnectionError):
        client.graph("PATCH", f"/users/{KARIM}", {"city": "Verdun"})
    assert client.graph("GET", f"/users/{KARIM}?$select=city").json()["city"] == "Verdun"


def test_a_list_cut_short_keeps_a_link_that_leads_nowhere(client: Client) -> None:
    client.control("fault", {"kind": "truncate", "path_contains": "GET /v1.0/users", "count": 1})
    page = client.graph("GET", "/users?$select=id&$top=999").json()
    assert len(page["value"]) == 6
    assert client.graph("GET", page["@odata.nextLink"]).json()["error"]["code"] == "Directory_ExpiredPageToken"
    client.control("fault", {"kind": "truncate", "path_contains": "Get-Mailbox", "count": 1})
    cut = client.invoke("Get-Mailbox", ResultSize="Unlimited").json()
    assert client.invoke("Get-Mailbox", url=cut["@odata.nextLink"], ResultSize="Unlimited").status_code == 400


def test_the_recording_is_valid_after_every_request_and_holds_no_secret(client: Client, tmp_path: Path) -> None:
    user = client.user("jeanne@national.example", passwordProfile={"password": "Sesame-ouvre-toi-9"})
    log = har(tmp_path / "har")["log"]
    assert log["version"] == "1.2"
    [made] = [
        entry
        for entry in log["entries"]
        if entry["request"]["method"] == "POST" and "/users" in entry["request"]["url"]
    ]
    assert json.loads(made["response"]["content"]["text"])["id"] == user
    whole = json.dumps(log)
    assert not [secret for secret in ("Sesame", client.server.client_secret, "eyJ") if secret in whole]
    assert any(entry["request"]["url"].endswith("/oauth2/v2.0/token") for entry in log["entries"])


def test_the_same_seed_gives_the_same_tenant(tmp_path: Path, zones: Zones, boxes: Boxes) -> None:
    first, second, other = (
        TenantServer(tmp_path / str(place), resolve=zones.resolve, options=TenantOptions(seed=seed))
        for place, seed in enumerate((7, 7, 8))
    )
    for server in (first, second, other):
        server.stop()
    assert (first.tenant_id, first.client_secret) == (second.tenant_id, second.client_secret)
    assert first.tenant_id != other.tenant_id


def test_a_frozen_clock_moves_only_on_request(tmp_path: Path, zones: Zones) -> None:
    eve = dt.datetime(2025, 3, 30, 16, tzinfo=dt.UTC)
    server = TenantServer(tmp_path / "frozen", resolve=zones.resolve, options=TenantOptions(now=eve, flow=lambda: 0.0))
    server.start()
    client = Client(server)
    assert client.control("clock")["now"] == eve.isoformat()
    assert client.graph("GET", "/domains").status_code == 200
    client.wait(60)
    assert client.control("clock")["now"] == (eve + dt.timedelta(minutes=1)).isoformat()
    server.stop()
