"""InvokeCommand as public evidence says it behaves, on the wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher
from tests.providers.microsoft.sleeper import Sleeper

from reconcile.problem import Problem
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.message import Service
from reconcile.providers.microsoft.wire.multi_valued import edited
from reconcile.providers.microsoft.wire.refusals import LostAnswer, Refused
from reconcile.providers.microsoft.wire.transport import Transport

TENANT = "6f2d1c3a-0000-4000-8000-000000000055"
ROOT = f"https://outlook.example/adminapi/beta/{TENANT}"
INVOKE = f"{ROOT}/InvokeCommand"


@pytest.fixture
def exchange(sleeper: Sleeper) -> Exchange:
    service = Service("Exchange", "https://outlook.example", lambda: "token", lambda: None)
    return Exchange(service, Transport(sleeper, lambda: 0.5), sleeper, TENANT)


def refusal(kind: str, text: str) -> dict[str, Any]:
    return {
        "error": {
            "code": "BadRequest",
            "message": "Error executing cmdlet",
            "details": [{"code": "Context", "target": "", "message": f"Ex6F9304|Microsoft.Exchange.{kind}|{text}"}],
        }
    }


def sent(call: int = 0) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(responses.calls[call].request.body or "{}")
    return body


@responses.activate
def test_every_page_is_asked_with_the_same_body_and_the_same_anchor(exchange: Exchange) -> None:
    responses.post(INVOKE, json={"value": [{"Name": "a"}], "@odata.nextLink": f"{INVOKE}?$skiptoken=2"})
    responses.post(INVOKE, json={"value": []}, match=[query_param_matcher({"$skiptoken": "2"})])
    assert exchange.rows("Get-Mailbox", ("Name",), ResultSize="Unlimited") == [{"Name": "a"}]
    assert sent(0) == sent(1)
    first, second = (call.request.headers for call in responses.calls)
    assert first["X-AnchorMailbox"] == second["X-AnchorMailbox"]
    assert TENANT in first["X-AnchorMailbox"]


@responses.activate
@pytest.mark.parametrize(
    "warning",
    [
        "There are more results available than are currently displayed. Increase ResultSize.",
        "By default, only the first 1000 items are returned.",
    ],
)
def test_a_list_cut_short_with_only_a_warning_is_no_list(exchange: Exchange, warning: str) -> None:
    responses.post(INVOKE, json={"value": [{"Name": "a"}], "@adminapi.warnings": [warning]})
    with pytest.raises(Problem, match="cut short"):
        exchange.rows("Get-Mailbox", ())


@responses.activate
def test_a_page_that_expired_fails_the_whole_list(exchange: Exchange) -> None:
    first = {"value": [{"Name": "a"}], "@odata.nextLink": f"{INVOKE}?$skiptoken=2"}
    responses.post(INVOKE, json=first, match=[query_param_matcher({})])
    responses.post(
        INVOKE,
        json={"error": {"code": "BadRequest", "message": "Expired or Invalid pagination request."}},
        status=400,
        match=[query_param_matcher({"$skiptoken": "2"})],
    )
    with pytest.raises(Problem, match="cut short") as told:
        exchange.rows("Get-Mailbox", ())
    assert told.value.code == "M365-05"


@responses.activate
def test_a_passing_failure_answered_as_bad_request_is_asked_again(exchange: Exchange, sleeper: Sleeper) -> None:
    responses.post(INVOKE, json=refusal("Data.Storage.ServerBusyException", "Le serveur est occupé."), status=400)
    responses.post(INVOKE, json={"value": []})
    exchange.create("New-Mailbox", Name="x")
    assert len(sleeper.slept) == 1


@responses.activate
def test_a_lasting_refusal_answered_as_server_error_is_not_asked_again(exchange: Exchange) -> None:
    responses.post(INVOKE, json=refusal("Data.Directory.ProxyAddressExistsException", "held by CN=x"), status=500)
    with pytest.raises(Refused) as told:
        exchange.run("Set-Mailbox", Identity="x")
    assert told.value.code == "ProxyAddressExistsException"
    assert len(responses.calls) == 1


@responses.activate
def test_an_answer_of_null_bytes_says_which_right_is_missing(exchange: Exchange) -> None:
    responses.post(INVOKE, body=b"\0" * 4096, status=403, headers={"Content-Encoding": "gzip"})
    with pytest.raises(Refused, match="no right to this cmdlet"):
        exchange.run("Set-Mailbox", Identity="x")


@responses.activate
def test_a_server_error_without_a_reason_after_a_creation_is_a_lost_answer(exchange: Exchange) -> None:
    responses.post(INVOKE, body=b"", status=502)
    with pytest.raises(LostAnswer):
        exchange.create("New-Mailbox", Name="x")
    assert len(responses.calls) == 1


@responses.activate
def test_an_unknown_identity_that_answers_everybody_finds_nobody(exchange: Exchange) -> None:
    responses.post(INVOKE, json={"value": [{"Guid": "one"}, {"Guid": "two"}]})
    assert exchange.one("Get-Mailbox", (), "three", lambda row: row["Guid"] == "three") is None


@responses.activate
def test_a_busy_part_of_a_batch_is_asked_again_without_the_others(exchange: Exchange) -> None:
    busy = refusal("Data.Storage.ServerBusyException", "busy")
    responses.post(
        f"{ROOT}/$batch",
        json={
            "responses": [
                {"id": "1", "status": 400, "body": busy},
                {"id": "0", "status": 200, "body": {"value": [{"User": "a"}]}},
            ]
        },
    )
    responses.post(f"{ROOT}/$batch", json={"responses": [{"id": "1", "status": 200, "body": {"value": []}}]})
    rows = exchange.many("Get-MailboxPermission", (), [{"Identity": "a"}, {"Identity": "b"}])
    assert rows == [[{"User": "a"}], []]
    assert [part["id"] for part in sent(1)["requests"]] == ["1"]


@responses.activate
def test_a_part_with_more_rows_than_it_shows_is_read_by_itself(exchange: Exchange) -> None:
    more = {"value": [{"User": "a"}], "@odata.nextLink": f"{INVOKE}?$skiptoken=2"}
    responses.post(f"{ROOT}/$batch", json={"responses": [{"id": "0", "status": 200, "body": more}]})
    responses.post(INVOKE, json={"value": [{"User": "b"}]}, match=[query_param_matcher({"$skiptoken": "2"})])
    responses.post(INVOKE, json=more, match=[query_param_matcher({})])
    assert exchange.many("Get-MailboxPermission", (), [{"Identity": "x"}]) == [[{"User": "a"}, {"User": "b"}]]


@responses.activate
def test_more_than_ten_parts_take_several_batches(exchange: Exchange) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        parts = json.loads(request.body)["requests"]
        assert len(parts) <= 10
        rows = [
            {"id": part["id"], "status": 200, "body": {"value": [part["body"]["CmdletInput"]["Parameters"]]}}
            for part in reversed(parts)
        ]
        return 200, {}, json.dumps({"responses": rows})

    responses.add_callback(responses.POST, f"{ROOT}/$batch", answer)
    wanted = [{"Identity": str(number)} for number in range(23)]
    assert exchange.many("Get-MailboxPermission", (), wanted) == [[row] for row in wanted]
    assert len(responses.calls) == 3


def test_additions_and_removals_are_tagged_as_exchange_wants_them() -> None:
    assert edited(["smtp:a@spf55.org"], ["smtp:b@spf55.org"]) == {
        "@odata.type": "#Exchange.GenericHashTable",
        "Add": ["smtp:a@spf55.org"],
        "Remove": ["smtp:b@spf55.org"],
    }
    assert "Remove" not in edited(["smtp:a@spf55.org"])
