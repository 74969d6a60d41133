"""What the application may do with what it was granted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from tests.sandbox.tenant.client import Client, Zones

from reconcile.sandbox.tenant.server import TenantOptions, TenantServer
from reconcile.sandbox.tenant.sign_in.permissions import GRANTED

KARIM = "karim.benali@national.example"


@pytest.fixture
def without(tmp_path: Path, zones: Zones) -> Iterator[Callable[[str], Client]]:
    servers = []

    def client(permission: str) -> Client:
        rest = [name for name in GRANTED if name != permission]
        servers.append(TenantServer(tmp_path / "less", resolve=zones.resolve, options=TenantOptions(permissions=rest)))
        servers[-1].start()
        return Client(servers[-1])

    yield client
    for server in servers:
        server.stop()


@pytest.mark.parametrize(
    ("permission", "attempt"),
    [
        ("User.ReadWrite.All", lambda client: client.graph("GET", "/users")),
        ("User.ReadWrite.All", lambda client: client.graph("DELETE", f"/users/{KARIM}")),
        ("User-PasswordProfile.ReadWrite.All", lambda client: client.graph(
            "PATCH", f"/users/{KARIM}", {"passwordProfile": {"password": "Azerty-2026-zut"}})),
        ("Domain.ReadWrite.All", lambda client: client.graph("POST", "/domains", {"id": "spf55.org"})),
        ("Domain.ReadWrite.All", lambda client: client.graph("GET", "/domains")),
        ("Application.Read.All", lambda client: client.graph("GET", "/servicePrincipals")),
    ],
)  # fmt: skip
def test_a_missing_permission_closes_its_page(
    without: Callable[[str], Client], permission: str, attempt: Callable[[Client], requests.Response]
) -> None:
    answer = attempt(without(permission))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Authorization_RequestDenied")


def test_exchange_needs_the_permission_and_then_the_role(without: Callable[[str], Client]) -> None:
    assert without("Exchange.ManageAsApp").invoke("Get-OrganizationConfig").status_code == 401


def test_exchange_without_the_role_answers_as_to_an_unknown_cmdlet(without: Callable[[str], Client]) -> None:
    client = without("ExchangeAdministrator")
    headers = {"Authorization": f"Bearer {client.token('https://outlook.office365.com')}", "X-AnchorMailbox": "x"}
    url = f"{client.server.url}/adminapi/beta/{client.server.tenant_id}/InvokeCommand"
    body = {"CmdletInput": {"CmdletName": "Get-OrganizationConfig", "Parameters": {}}}
    with client.http.post(url, json=body, headers=headers, stream=True) as answer:
        assert (answer.status_code, set(answer.raw.read(decode_content=False))) == (403, {0})


def test_an_administrators_account_is_out_of_reach(client: Client) -> None:
    admin = "admin@entraide.onmicrosoft.com"
    assert client.graph("PATCH", f"/users/{admin}", {"city": "Paris"}).status_code == 204
    assert client.graph("PATCH", f"/users/{admin}", {"accountEnabled": False}).status_code == 403
    assert client.graph("DELETE", f"/users/{admin}").status_code == 403
