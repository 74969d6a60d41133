"""A client of the tenant made of real msal and requests, and the world around it."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msal
import requests

from reconcile.sandbox.tenant.server import TenantServer

ANCHOR = "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@"


class Zones(dict[tuple[str, str], list[str]]):
    """A DNS that holds what a test puts in it."""

    def resolve(self, name: str, kind: str) -> Sequence[str]:
        return self.get((name, kind), [])


class Boxes:
    """Remembers what the tenant says of its mailboxes."""

    def __init__(self) -> None:
        self.open: dict[str, bool] = {}
        self.addresses: dict[str, Sequence[str]] = {}

    def mailbox_exists(self, guid: str, addresses: Sequence[str], open_to_copier: bool) -> None:
        self.open[guid] = open_to_copier
        self.addresses[guid] = addresses

    def mailbox_gone(self, guid: str) -> None:
        del self.open[guid], self.addresses[guid]

    def of(self, address: str) -> str:
        return next(guid for guid, held in self.addresses.items() if address in held)


class Client:
    """Speaks to a tenant as an application does."""

    def __init__(self, server: TenantServer) -> None:
        self.server = server
        self.language = "en-US"
        self.http = requests.Session()
        # A REQUESTS_CA_BUNDLE in the environment would win over the session's own authority.
        self.http.trust_env = False
        self.http.verify = str(server.ca_file)
        self._sign_in()

    def _sign_in(self) -> None:
        server = self.server
        self._app = msal.ConfidentialClientApplication(
            server.client_id,
            client_credential=server.client_secret,
            authority=f"{server.url}/{server.tenant_id}",
            instance_discovery=False,
            http_client=self.http,
        )

    def token(self, resource: str) -> str:
        answer = self._app.acquire_token_for_client([f"{resource}/.default"])
        assert "access_token" in answer, answer
        return str(answer["access_token"])

    def graph(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        headers["Authorization"] = f"Bearer {self.token('https://graph.microsoft.com')}"
        url = path if path.startswith("https:") else f"{self.server.url}/v1.0{path}"
        return self.http.request(method, url, json=body, headers=headers)

    def invoke(
        self, cmdlet: str, select: str = "", prefer: str = "", url: str = "", **parameters: Any
    ) -> requests.Response:
        headers = {
            "Authorization": f"Bearer {self.token('https://outlook.office365.com')}",
            "X-AnchorMailbox": ANCHOR + self.server.tenant_id,
            "Prefer": prefer,
            "Accept-Language": self.language,
            "client-request-id": str(uuid.uuid4()),
        }
        url = url or f"{self.server.url}/adminapi/beta/{self.server.tenant_id}/InvokeCommand"
        params = {"$select": select} if select else {}
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": parameters}}
        return self.http.post(url, json=body, headers=headers, params=params)

    def rows(self, cmdlet: str, **parameters: Any) -> list[dict[str, Any]]:
        answer = self.invoke(cmdlet, **parameters)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["value"])

    def control(self, page: str, body: Any = None) -> Any:
        answer = self.http.request("GET" if body is None else "POST", f"{self.server.control}/{page}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def wait(self, seconds: float) -> None:
        now = dt.datetime.fromisoformat(self.control("clock")["now"])
        self.control("clock", {"advance_to": (now + dt.timedelta(seconds=seconds)).isoformat()})
        # msal counts real seconds and would keep a token that has expired on the virtual clock.
        self._sign_in()

    # The usual steps

    def sku(self, part_number: str) -> str:
        skus = self.graph("GET", "/subscribedSkus").json()["value"]
        return next(str(sku["skuId"]) for sku in skus if sku["skuPartNumber"] == part_number)

    def user(self, upn: str, **more: Any) -> str:
        body = {
            "accountEnabled": True,
            "displayName": upn,
            "mailNickname": upn.partition("@")[0],
            "userPrincipalName": upn,
            "usageLocation": "FR",
            "passwordProfile": {"password": "Azerty-2026-zut", "forceChangePasswordNextSignIn": True},
            **more,
        }
        answer = self.graph("POST", "/users", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def license(self, user: str, *, add: Sequence[str] = (), remove: Sequence[str] = ()) -> requests.Response:
        body = {
            "addLicenses": [{"skuId": self.sku(part), "disabledPlans": []} for part in add],
            "removeLicenses": [self.sku(part) for part in remove],
        }
        return self.graph("POST", f"/users/{user}/assignLicense", body)

    def mailbox(self, upn: str, part_number: str = "Office_365_w/o_Teams_Bundle_E1") -> dict[str, Any]:
        user = self.user(upn)
        assert self.license(user, add=[part_number]).status_code == 200
        self.wait(200)
        return self.rows("Get-Mailbox", Identity=user)[0]

    def domain(self, name: str, zones: Zones) -> None:
        assert self.graph("POST", "/domains", {"id": name}).status_code == 201
        records = self.graph("GET", f"/domains/{name}/verificationDnsRecords").json()["value"]
        zones[name, "TXT"] = [record["text"] for record in records if record["recordType"] == "Txt"]
        assert self.graph("POST", f"/domains/{name}/verify").status_code == 200
        self.graph("PATCH", f"/domains/{name}", {"supportedServices": ["Email"]})
        self.wait(120)


def refusal(answer: requests.Response) -> tuple[int, str]:
    """A cmdlet's refusal: the status and the exception's name."""
    kind = answer.json()["error"]["innererror"]["internalexception"]["type"]
    return answer.status_code, str(kind).rpartition(".")[2]


def har(folder: Path) -> dict[str, Any]:
    """The only recording of a folder."""
    [file] = folder.glob("*.har")
    return dict(json.loads(file.read_text()))
