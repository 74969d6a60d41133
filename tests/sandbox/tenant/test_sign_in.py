"""Who may speak to the tenant."""

from __future__ import annotations

import msal
import requests
from tests.sandbox.tenant.client import Client

from reconcile.sandbox.tenant.server import TenantServer

GRAPH = "https://graph.microsoft.com"
EXCHANGE = "https://outlook.office365.com"


def test_a_wrong_secret_gets_the_services_own_refusal(server: TenantServer, client: Client) -> None:
    form = {"grant_type": "client_credentials", "client_id": server.client_id, "client_secret": "wrong",
            "scope": f"{GRAPH}/.default"}  # fmt: skip
    answer = client.http.post(f"{server.url}/{server.tenant_id}/oauth2/v2.0/token", data=form)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert answer.json()["error_codes"] == [7000215]
    assert answer.json()["error_description"].startswith("AADSTS7000215: Invalid client secret provided.")


def test_msal_reports_an_application_the_tenant_does_not_know(server: TenantServer, client: Client) -> None:
    application = msal.ConfidentialClientApplication(
        "11111111-1111-4111-8111-111111111111", client_credential="x", instance_discovery=False,
        authority=f"{server.url}/{server.tenant_id}", http_client=client.http,
    )  # fmt: skip
    assert application.acquire_token_for_client([f"{GRAPH}/.default"])["error_codes"] == [700016]


def test_the_tenant_is_also_known_by_its_initial_domain(server: TenantServer, client: Client) -> None:
    page = client.http.get(f"{server.url}/{server.initial_domain}/v2.0/.well-known/openid-configuration").json()
    assert page["token_endpoint"] == f"{server.url}/{server.tenant_id}/oauth2/v2.0/token"
    unknown = client.http.get(f"{server.url}/other.onmicrosoft.com/v2.0/.well-known/openid-configuration")
    assert unknown.json()["error_codes"] == [90002]


def test_a_token_opens_only_the_service_it_was_asked_for(client: Client) -> None:
    graph = client.http.get(f"{client.server.url}/v1.0/users", headers=_bearer(client.token(EXCHANGE)))
    assert (graph.status_code, graph.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    exchange = client.http.post(
        f"{client.server.url}/adminapi/beta/{client.server.tenant_id}/InvokeCommand",
        json={"CmdletInput": {"CmdletName": "Get-Mailbox", "Parameters": {}}},
        headers={**_bearer(client.token(GRAPH)), "X-AnchorMailbox": "x"},
    )
    assert exchange.status_code == 401


def test_a_token_expires_after_an_hour_of_the_virtual_clock(client: Client) -> None:
    headers = _bearer(client.token(GRAPH))
    assert client.http.get(f"{client.server.url}/v1.0/domains", headers=headers).status_code == 200
    client.wait(3601)
    late = client.http.get(f"{client.server.url}/v1.0/domains", headers=headers)
    assert (late.status_code, late.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_only_the_throw_away_authority_vouches_for_the_server(server: TenantServer) -> None:
    session = requests.Session()
    session.trust_env = False
    refused = False
    try:
        session.get(f"{server.url}/sandbox/clock", timeout=10)
    except requests.exceptions.SSLError:
        refused = True
    assert refused
    localhost = server.url.replace("127.0.0.1", "localhost")
    assert session.get(f"{localhost}/sandbox/clock", verify=str(server.ca_file), timeout=10).status_code == 200


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
