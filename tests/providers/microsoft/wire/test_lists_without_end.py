"""Lists and answers of Microsoft's that would never end: each does, and nothing is concluded from it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses

from reconcile.clock import Clock
from reconcile.problem import Problem
from reconcile.providers.microsoft.wire import paging
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.graph import Graph
from reconcile.providers.microsoft.wire.message import Reply, Service
from reconcile.providers.microsoft.wire.pacing import Quota
from reconcile.providers.microsoft.wire.transport import Transport

GRAPH, TENANT = "https://graph.example", "00000000-0000-4000-8000-000000000001"
USERS = f"{GRAPH}/v1.0/users"
INVOKE = f"https://outlook.example/adminapi/beta/{TENANT}/InvokeCommand"

Page = Callable[[int], dict[str, Any]]


@pytest.fixture
def read(sleeper: Clock) -> dict[str, Callable[[], object]]:
    """Both services' way to a whole list."""
    transport = Transport(sleeper, lambda: 0.5)
    graph = Graph(Service("Microsoft Graph", GRAPH, lambda: "t", lambda: None), transport, sleeper, Quota(sleeper))
    exchange = Exchange(
        Service("Exchange", "https://outlook.example", lambda: "t", lambda: None), transport, sleeper, TENANT
    )
    return {USERS: lambda: graph.rows("/users"), INVOKE: lambda: exchange.rows("Get-Mailbox", ())}


def circle(url: str, number: int) -> dict[str, Any]:
    return {"value": [{"id": number}], "@odata.nextLink": f"{url}?$skiptoken={number % 3}"}


def ever_new(url: str, number: int) -> dict[str, Any]:
    return {"value": [{"id": number}], "@odata.nextLink": f"{url}?$skiptoken={number}"}


def empty(url: str, number: int) -> dict[str, Any]:
    return {"value": [], "@odata.nextLink": f"{url}?$skiptoken={number}"}


@pytest.mark.parametrize("url", [USERS, INVOKE], ids=["Graph", "Exchange"])
@pytest.mark.parametrize(
    ("pages", "code"), [(circle, "M365-05"), (empty, "M365-05"), (ever_new, "M365-08")], ids=["circle", "empty", "new"]
)
@responses.activate
def test_a_list_that_leads_on_and_on_is_no_list(
    read: dict[str, Callable[[], object]],
    url: str,
    pages: Callable[[str, int], dict[str, Any]],
    code: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 100)
    numbers = itertools.count(1)

    def answer(_: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        return 200, {}, json.dumps(pages(url, next(numbers)))

    responses.add_callback("GET" if url == USERS else "POST", url, answer)
    with pytest.raises(Problem) as refused:
        read[url]()
    assert refused.value.code == code
    assert next(numbers) < 400


@pytest.mark.parametrize("body", ["[" * 200_000, '{"value": ' * 100_000, '{"a": NaN}', '{"a": ' + "9" * 5000 + "}"])
def test_a_body_that_is_no_sane_json_is_none(body: str) -> None:
    assert Reply(200, {}, body.encode()).json() is None


@responses.activate
def test_a_pause_that_is_no_number_is_not_waited_for_ever(read: dict[str, Callable[[], object]]) -> None:
    responses.get(USERS, status=429, headers={"Retry-After": "nan"})
    with pytest.raises(Problem, match="M365-02"):
        read[USERS]()
