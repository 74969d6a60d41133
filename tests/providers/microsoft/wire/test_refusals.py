"""Every way Graph and Exchange are known to say no, as the postmaster reads it."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from tests.providers.microsoft.sleeper import Sleeper

from reconcile.problem import Problem
from reconcile.providers.microsoft.wire.exchange import Exchange
from reconcile.providers.microsoft.wire.graph import Graph
from reconcile.providers.microsoft.wire.message import Service
from reconcile.providers.microsoft.wire.pacing import Quota
from reconcile.providers.microsoft.wire.refusals import Refused, explained
from reconcile.providers.microsoft.wire.transport import Transport
from reconcile.resources.address import Address

ANNE = Address("spf55", "mailbox", "anne@spf55.org")
ROOT = "https://microsoft.example"
USERS = f"{ROOT}/v1.0/users"
INVOKE = f"{ROOT}/adminapi/beta/tenant/InvokeCommand"
CONFLICT = "Another object with the same value for property proxyAddresses already exists."


def service() -> Service:
    return Service("Microsoft", ROOT, lambda: "token", lambda: None)


def sentence(act: Any) -> Problem:
    with pytest.raises(Refused) as refused:
        act()
    return explained(refused.value, ANNE)


def of_graph(clock: Sleeper, status: int, code: str, message: str, *details: dict[str, str]) -> Problem:
    """What is read when Graph answers so to the creation of Anne's account."""
    error = {"code": code, "message": message, "innerError": {"request-id": "a1b2"}}
    with responses.mock:
        responses.post(USERS, status=status, json={"error": {**error, "details": list(details)} if details else error})
        graph = Graph(service(), Transport(clock, lambda: 0.5), clock, Quota(clock))
        return sentence(lambda: graph.act("/users", {}))


def of_exchange(clock: Sleeper, kind: str, text: str, status: int = 400) -> Problem:
    """What is read when Exchange answers so to a change of Anne's mailbox, in whatever language."""
    detail = {"code": "Context", "target": "", "message": f"Ex6F9304|Microsoft.Exchange.{kind}|{text}"}
    with responses.mock:
        responses.post(INVOKE, status=status, json={"error": {"code": "x", "message": "y", "details": [detail]}})
        exchange = Exchange(service(), Transport(clock, lambda: 0.5), clock, "tenant")
        return sentence(lambda: exchange.run("Set-Mailbox", Identity="x"))


@pytest.mark.parametrize(
    ("status", "code", "message", "expected"),
    [
        (400, "Request_BadRequest", CONFLICT, "M365-10"),
        (400, "Request_BadRequest", "Subscription with SKU b5 does not have any available licenses.", "M365-12"),
        (400, "Request_BadRequest", "User does not have a corresponding license.", "M365-35"),
        (
            400,
            "Request_BadRequest",
            "License assignment cannot be done for user with invalid usage location.",
            "M365-30",
        ),
        (
            400,
            "Request_BadRequest",
            "The specified password does not comply with password complexity requirements.",
            "M365-24",
        ),
        (
            400,
            "Request_BadRequest",
            "Unable to verify this domain because it is used elsewhere in Office 365.",
            "M365-21",
        ),
        (
            400,
            "Request_BadRequest",
            "Another object with the same value for property userPrincipalName already exists.",
            "M365-10",
        ),
        (400, "Request_UnsupportedQuery", "Unsupported query.", "M365-34"),
        (400, "Request_InvalidDataContractVersion", "The specified api-version is invalid.", "M365-34"),
        (401, "InvalidAuthenticationToken", "Access token validation failure.", "M365-03"),
        (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.", "M365-03"),
        (403, "Directory_QuotaExceeded", "The directory object quota limit has been exceeded.", "M365-31"),
        (404, "Request_ResourceNotFound", "Resource '1' does not exist.", "M365-17"),
        (412, "PreconditionFailed", "The precondition failed.", "M365-15"),
        (422, "UnprocessableEntity", "One or more properties contains invalid values.", "M365-34"),
        (400, "SomethingNew", "Nobody has seen this before.", "M365-40"),
    ],
)
def test_what_graph_refuses_is_reported_with_the_address_and_the_request(
    sleeper: Sleeper, status: int, code: str, message: str, expected: str
) -> None:
    told = of_graph(sleeper, status, code, message)
    assert told.code == expected
    assert told.message.startswith("anne@spf55.org: ")
    assert "a1b2" in told.message
    assert told.hint


def test_a_conflict_is_known_by_its_details_whatever_was_sent(sleeper: Sleeper) -> None:
    """The same refusal comes to a change of the country alone when the stored object conflicts already."""
    for status, outer, code in (
        (400, "Request_BadRequest", "ObjectConflict"),
        (400, "Request_BadRequest", "ConflictingObjects"),
        (422, "UnprocessableEntity", "PropertyConflict"),
    ):
        detail = {"code": code, "message": "…", "target": "proxyAddresses"}
        assert of_graph(sleeper, status, outer, "…", detail).code == "M365-10"


@pytest.mark.parametrize("status", [429, 500, 503, 504])
def test_a_service_that_stays_busy_is_reported_with_what_to_do(sleeper: Sleeper, status: int) -> None:
    with responses.mock:
        responses.get(USERS, status=status, json={"error": {"code": "x", "message": "y"}})
        graph = Graph(service(), Transport(sleeper, lambda: 0.5), sleeper, Quota(sleeper))
        with pytest.raises(Problem, match=f"stayed busy for too long \\(answer {status}") as told:
            graph.rows("/users", ("id",))
    assert told.value.code == "M365-02"
    assert told.value.hint.startswith("run the command again later")


@pytest.mark.parametrize("code", ["Directory_ConcurrencyViolation", "Request_MultipleObjectsWithSameKeyValue"])
def test_two_who_write_at_once_both_come_through(sleeper: Sleeper, code: str) -> None:
    with responses.mock:
        responses.post(USERS, status=409, json={"error": {"code": code, "message": "x"}})
        responses.post(USERS, status=201, json={"id": "1"})
        graph = Graph(service(), Transport(sleeper, lambda: 0.5), sleeper, Quota(sleeper))
        assert graph.create("/users", {}) == {"id": "1"}


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("Configuration.Tasks.ManagementObjectNotFoundException", "L'objet est introuvable.", "M365-17"),
        ("Data.Directory.ProxyAddressExistsException", "L'adresse est déjà utilisée.", "M365-10"),
        ("Management.RecipientTasks.WLCDManagedMemberExistsException", "Nom pris.", "M365-10"),
        ("Management.Common.NotAcceptedDomainException", "Domaine non accepté.", "M365-22"),
        ("Configuration.Tasks.ManagementObjectAmbiguousException", "Plusieurs objets.", "M365-32"),
        ("Configuration.Tasks.RecipientTaskException", f"A Microsoft Entra ID call was made. {CONFLICT}", "M365-10"),
        ("Configuration.Tasks.RecipientTaskException", "ExternalDirectoryObjectId was not returned", "M365-10"),
        ("Configuration.Tasks.TaskInvalidOperationException", "run Enable-OrganizationCustomization", "M365-33"),
        ("Configuration.Tasks.RecipientTaskException", "DisplayName can't be empty.", "M365-34"),
        ("Management.Automation.ParameterBindingException", "Aucun paramètre ne correspond.", "M365-34"),
        ("Configuration.Tasks.TaskInvalidOperationException", "Opération non valide.", "M365-34"),
        ("Management.Automation.SomeException", "Property 'Name' can't be empty.", "M365-34"),
        ("Data.Directory.ADObjectAlreadyExistsException", "Le nom est pris.", "M365-23"),
        ("Management.RecipientTasks.NameNotAvailableException", "Nom indisponible.", "M365-10"),
        ("Data.SomethingNewException", "Du jamais vu.", "M365-40"),
    ],
)
def test_what_exchange_refuses_is_known_by_its_exception_in_any_language(
    sleeper: Sleeper, kind: str, text: str, expected: str
) -> None:
    for status in (400, 404, 500):
        told = of_exchange(sleeper, kind, text, status)
        assert told.code == expected
        assert told.message.startswith("anne@spf55.org: ")
        assert told.hint


@pytest.mark.parametrize(
    "kind",
    [
        "Data.ApplicationLogic.OverBudgetException",
        "Data.Storage.ServerBusyException",
        "Net.CmdletProxyNotAvailableFailure",
        "Data.BackendCommunicationException",
        "Data.Storage.MailboxInTransitException",
        "Data.Directory.ADTransientException",
    ],
)
def test_what_passes_by_itself_is_waited_for_whatever_its_status(sleeper: Sleeper, kind: str) -> None:
    busy = {"error": {"code": "x", "message": "y", "details": [{"message": f"|Microsoft.Exchange.{kind}|z"}]}}
    with responses.mock:
        responses.post(INVOKE, status=400, json=busy)
        responses.post(INVOKE, json={"value": []})
        exchange = Exchange(service(), Transport(sleeper, lambda: 0.5), sleeper, "tenant")
        assert exchange.create("New-Mailbox", Name="x") == []
    assert len(sleeper.slept) == 1
