"""How requests to Microsoft are sent again, given up, and kept from telling their token to strangers."""

from __future__ import annotations

import datetime as dt
import logging

import pytest
import requests
import responses
from tests.providers.microsoft.sleeper import Sleeper
from urllib3.exceptions import MaxRetryError, NewConnectionError

from reconcile.problem import Problem
from reconcile.providers.microsoft.wire.message import Reply, Request, Service
from reconcile.providers.microsoft.wire.refusals import LostAnswer
from reconcile.providers.microsoft.wire.transport import KNOCKS, Transport

ROOT = "https://graph.example"
URL = f"{ROOT}/v1.0/users"


class EditContext:
    """A transport, the clock it sleeps on, and a service whose tokens can be counted."""

    def __init__(self, clock: Sleeper) -> None:
        self.clock = clock
        self.transport = Transport(self.clock, lambda: 0.5)
        self.tokens = iter(f"token-{number}" for number in range(1, 100))
        self.current = next(self.tokens)
        self.service = Service("Microsoft Graph", ROOT, lambda: self.current, self._renew)

    def _renew(self) -> None:
        self.current = next(self.tokens)

    def send(self, method: str = "GET", url: str = URL, *, repeatable: bool = True) -> int:
        return self.transport.send(self.service, Request(method, url, None, {}, repeatable)).status


@pytest.fixture
def desk(sleeper: Sleeper) -> EditContext:
    return EditContext(sleeper)


@responses.activate
def test_a_busy_answer_waits_for_as_long_as_the_server_asks_fractions_included(desk: EditContext) -> None:
    responses.get(URL, status=429, headers={"Retry-After": "2.128"})
    responses.get(URL, json={"value": []})
    assert desk.send() == 200
    assert len(desk.clock.slept) == 1
    assert 2.128 <= desk.clock.slept[0] < 2.6


@responses.activate
def test_without_a_wish_of_the_server_the_pauses_double(desk: EditContext) -> None:
    for _ in range(3):
        responses.get(URL, status=503)
    responses.get(URL, json={})
    assert desk.send() == 200
    assert desk.clock.slept == [1.5, 3.0, 6.0]


@responses.activate
def test_a_service_that_stays_busy_is_given_up_with_its_request_id(desk: EditContext) -> None:
    responses.get(URL, status=429, headers={"Retry-After": "250", "request-id": "a1b2"})
    with pytest.raises(Problem, match="a1b2") as told:
        desk.send()
    assert told.value.code == "M365-02"
    assert sum(desk.clock.slept) <= 600


@responses.activate
def test_a_write_whose_answer_is_lost_is_never_sent_twice(desk: EditContext) -> None:
    responses.post(URL, status=504)
    with pytest.raises(LostAnswer):
        desk.send("POST", repeatable=False)
    assert len(responses.calls) == 1


@responses.activate
def test_a_write_refused_as_too_many_is_sent_again_for_it_was_not_done(desk: EditContext) -> None:
    responses.post(URL, status=429, headers={"Retry-After": "1"})
    responses.post(URL, status=201, json={})
    assert desk.send("POST", repeatable=False) == 201


@responses.activate
def test_a_connection_cut_after_sending_a_write_is_a_lost_answer(desk: EditContext) -> None:
    responses.post(URL, body=requests.exceptions.ConnectionError("Remote end closed connection without response"))
    with pytest.raises(LostAnswer):
        desk.send("POST", repeatable=False)


@responses.activate
def test_a_server_that_refuses_connections_is_unreachable_after_a_few_attempts(desk: EditContext) -> None:
    refused = MaxRetryError(None, URL, NewConnectionError(None, "refused"))  # type: ignore[arg-type]
    responses.post(URL, body=requests.exceptions.ConnectionError(refused))
    with pytest.raises(Problem, match=r"cannot be reached at graph\.example") as told:
        desk.send("POST", repeatable=False)
    assert told.value.code == "M365-01"
    assert len(responses.calls) == KNOCKS


@responses.activate
def test_an_expired_token_is_renewed_once(desk: EditContext) -> None:
    responses.get(URL, status=401)
    responses.get(URL, json={})
    assert desk.send() == 200
    assert [call.request.headers["Authorization"] for call in responses.calls] == ["Bearer token-1", "Bearer token-2"]


@responses.activate
def test_a_token_that_stays_refused_is_answered_not_renewed_for_ever(desk: EditContext) -> None:
    responses.get(URL, status=401)
    assert desk.send() == 401
    assert len(responses.calls) == 2


@responses.activate
def test_a_redirect_to_another_host_never_gets_the_token(desk: EditContext) -> None:
    responses.get(URL, status=302, headers={"Location": "https://elsewhere.example/v1.0/users"})
    elsewhere = responses.get("https://elsewhere.example/v1.0/users", json={})
    with pytest.raises(Problem, match=r"elsewhere\.example") as told:
        desk.send()
    assert told.value.code == "M365-06"
    assert elsewhere.call_count == 0


@responses.activate
def test_a_redirect_within_the_host_is_followed(desk: EditContext) -> None:
    responses.get(URL, status=302, headers={"Location": f"{ROOT}:443/v1.0/people"})
    responses.get(f"{ROOT}:443/v1.0/people", json={})
    assert desk.send() == 200


@responses.activate
def test_a_next_page_on_another_host_never_gets_the_token(desk: EditContext) -> None:
    with pytest.raises(Problem, match=r"elsewhere\.example"):
        desk.send(url="https://elsewhere.example/v1.0/users?$skiptoken=x")
    assert len(responses.calls) == 0


@responses.activate
def test_no_token_is_ever_logged(desk: EditContext, caplog: pytest.LogCaptureFixture) -> None:
    responses.get(URL, json={}, headers={"request-id": "a1b2"})
    with caplog.at_level(logging.DEBUG):
        desk.send()
    assert "a1b2" in caplog.text
    assert "token-1" not in caplog.text


def test_a_name_cut_in_the_middle_of_an_emoji_is_still_a_text() -> None:
    content = b'{"value": [{"displayName": "Zo\\u00e9 \\ud83c\\udf08 \\ud83d", "n": [1, null]}]}'
    assert Reply(200, {}, content).json() == {"value": [{"displayName": "Zo\u00e9 \U0001f308 \ufffd", "n": [1, None]}]}


@responses.activate
@pytest.mark.parametrize(("date", "minutes"), [("Sun, 19 Jan 2025 16:50:00 GMT", 10), ("nonsense", None), ("", None)])
def test_how_far_our_clock_is_ahead_is_known_from_the_services_answers(
    desk: EditContext, date: str, minutes: int | None
) -> None:
    desk.clock.now = lambda: dt.datetime(2025, 1, 19, 17, 0, tzinfo=dt.UTC)  # type: ignore[method-assign]
    responses.get(URL, json={}, headers={"Date": date})
    assert desk.transport.ahead() is None
    desk.send()
    assert desk.transport.ahead() == (None if minutes is None else dt.timedelta(minutes=minutes))
