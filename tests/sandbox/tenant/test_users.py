"""Users in Graph."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sandbox.tenant.client import Client

NATIONAL = "national.example"


def test_a_plain_read_shows_the_default_properties_only(client: Client) -> None:
    user = client.user(f"jeanne.moreau@{NATIONAL}", department="Accueil")
    shown = client.graph("GET", f"/users/{user}").json()
    assert "department" not in shown
    assert set(shown) == {
        "@odata.context", "id", "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone",
        "officeLocation", "preferredLanguage", "surname", "userPrincipalName",
    }  # fmt: skip
    asked = client.graph(
        "GET", f"/users/{user}?$select=department,city,proxyAddresses,onPremisesExtensionAttributes"
    ).json()
    assert (asked["department"], asked["city"], asked["proxyAddresses"]) == ("Accueil", None, [])
    assert asked["onPremisesExtensionAttributes"]["extensionAttribute3"] is None


def test_a_change_answers_nothing_and_leaves_the_rest(client: Client) -> None:
    user = client.user(f"jeanne.moreau@{NATIONAL}", jobTitle="Trésorière")
    answer = client.graph("PATCH", f"/users/{user}", {"surname": "Moreau", "onPremisesExtensionAttributes": {
        "extensionAttribute1": "ANT CE 055 0 00000 002689"}})  # fmt: skip
    assert (answer.status_code, answer.content) == (204, b"")
    shown = client.graph(
        "GET", f"/users/jeanne.moreau@{NATIONAL}?$select=id,surname,jobTitle,onPremisesExtensionAttributes"
    )
    assert (shown.json()["surname"], shown.json()["jobTitle"]) == ("Moreau", "Trésorière")
    assert shown.json()["onPremisesExtensionAttributes"]["extensionAttribute1"] == "ANT CE 055 0 00000 002689"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"proxyAddresses": ["SMTP:x@national.example"]}, 403, "Authorization_RequestDenied"),
        ({"favouriteColour": "blue"}, 400, "Request_BadRequest"),
        ({"accountEnabled": "yes"}, 400, "Request_BadRequest"),
        ({"createdDateTime": "2026-01-01T00:00:00Z"}, 400, "Request_BadRequest"),
        ({"userType": "Alien"}, 400, "Request_BadRequest"),
        ({"usageLocation": "France"}, 400, "Request_BadRequest"),
        ({"businessPhones": ["0102030405", "0102030406"]}, 400, "Request_BadRequest"),
        ({"displayName": ""}, 400, "Request_BadRequest"),
        ({"userPrincipalName": "hélène@national.example"}, 400, "Request_BadRequest"),
        ({"userPrincipalName": "helene@unknown.example"}, 400, "Request_BadRequest"),
        ({"onPremisesExtensionAttributes": {"extensionAttribute16": "x"}}, 400, "Request_BadRequest"),
        ({"passwordProfile": {"password": "tooeasy"}}, 400, "Request_BadRequest"),
    ],
)
def test_what_the_service_refuses_is_refused(client: Client, body: Any, status: int, code: str) -> None:
    user = client.user(f"jeanne.moreau@{NATIONAL}")
    answer = client.graph("PATCH", f"/users/{user}", body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    "path",
    ["/users?$select=shoeSize", "/users?$filter=shoeSize eq '42'", "/users?$skip=3", "/users?$top=1000", "/teams",
     "/users?$filter=displayName ne 'x'", "/users?$filter=displayName eq"],
)  # fmt: skip
def test_a_question_the_service_does_not_understand_is_refused(client: Client, path: str) -> None:
    answer = client.graph("GET", path)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"]


def test_a_user_needs_all_that_the_service_needs(client: Client) -> None:
    answer = client.graph("POST", "/users", {"displayName": "X", "userPrincipalName": f"x@{NATIONAL}"})
    assert (answer.status_code, answer.json()["error"]["details"][0]["target"]) == (400, "accountEnabled")


def test_two_users_cannot_bear_one_name_whatever_its_case(client: Client) -> None:
    client.user(f"jeanne.moreau@{NATIONAL}")
    again = client.graph("POST", "/users", _new(f"Jeanne.MOREAU@{NATIONAL}"))
    detail = again.json()["error"]["details"][0]
    assert (again.status_code, detail["code"], detail["target"]) == (400, "ObjectConflict", "userPrincipalName")


def test_an_address_of_a_mailbox_is_no_free_name(client: Client) -> None:
    client.rows("Set-Mailbox", Identity=f"contact@{NATIONAL}", EmailAddresses={
        "@odata.type": "#Exchange.GenericHashTable", "Add": [f"smtp:bureau@{NATIONAL}"]})  # fmt: skip
    error = client.graph("POST", "/users", _new(f"bureau@{NATIONAL}")).json()["error"]
    assert error["message"] == "Another object with the same value for property proxyAddresses already exists."
    assert [detail["code"] for detail in error["details"]] == ["ObjectConflict", "ConflictingObjects"]


def test_lists_know_a_new_user_later_than_a_read_by_id(client: Client) -> None:
    user = client.user(f"jeanne.moreau@{NATIONAL}")
    wanted = f"/users?$filter=userPrincipalName eq 'jeanne.moreau@{NATIONAL}'&$select=id"
    assert client.graph("GET", f"/users/{user}").status_code == 200
    assert client.graph("GET", wanted).json()["value"] == []
    client.wait(5)
    assert client.graph("GET", wanted).json()["value"] == [{"id": user}]


def test_pages_follow_one_another_and_together_show_everyone_once(client: Client) -> None:
    whole = client.graph("GET", "/users?$select=id&$top=999").json()
    assert "@odata.nextLink" not in whole
    link, seen = f"{client.server.url}/v1.0/users?$select=id&$top=5", []
    while link:
        page = client.graph("GET", link).json()
        seen += [row["id"] for row in page["value"]]
        link = page.get("@odata.nextLink", "")
    assert seen == [row["id"] for row in whole["value"]]


def test_a_page_whose_last_user_went_is_refused_rather_than_short(client: Client) -> None:
    page = client.graph("GET", "/users?$select=id&$top=5").json()
    client.graph("DELETE", f"/users/{page['value'][-1]['id']}")
    assert client.graph("GET", page["@odata.nextLink"]).json()["error"]["code"] == "Directory_ExpiredPageToken"


def test_an_address_is_found_through_its_filter(client: Client) -> None:
    held = f"/users?$filter=proxyAddresses/any(p:p eq 'smtp:contact@{NATIONAL}')&$select=mail"
    assert client.graph("GET", held).json()["error"]["code"] == "Request_UnsupportedQuery"
    found = client.graph("GET", f"{held}&$count=true", ConsistencyLevel="eventual").json()
    assert [row["mail"] for row in found["value"]] == [f"contact@{NATIONAL}"]
    many = client.graph("GET", f"/users?$filter=endsWith(userPrincipalName,'@{NATIONAL}') and accountEnabled eq true"
                        "&$count=true&$select=id", ConsistencyLevel="eventual").json()  # fmt: skip
    assert many["@odata.count"] == 11


def test_a_deleted_user_can_be_found_and_brought_back_with_mail_and_licence(client: Client) -> None:
    box = client.mailbox(f"jeanne.moreau@{NATIONAL}")
    user = box["ExternalDirectoryObjectId"]
    assert client.graph("DELETE", f"/users/{user}").status_code == 204
    assert client.graph("GET", f"/users/{user}").status_code == 404
    [bin_] = client.graph("GET", "/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName").json()[
        "value"
    ]
    assert bin_ == {"id": user, "userPrincipalName": user.replace("-", "") + f"jeanne.moreau@{NATIONAL}"}
    assert client.rows("Get-Mailbox", Identity=user, SoftDeletedMailbox=True)[0]["Guid"] == box["Guid"]

    assert client.graph("POST", f"/directory/deletedItems/{user}/restore", {}).status_code == 200
    client.wait(200)
    [again] = client.rows("Get-Mailbox", Identity=user)
    assert (again["Guid"], again["PrimarySmtpAddress"]) == (box["Guid"], f"jeanne.moreau@{NATIONAL}")


def test_a_user_whose_address_was_given_away_comes_back_only_without_it(client: Client) -> None:
    user = client.mailbox(f"jeanne.moreau@{NATIONAL}")["ExternalDirectoryObjectId"]
    client.graph("DELETE", f"/users/{user}")
    client.rows("Set-Mailbox", Identity=f"contact@{NATIONAL}", EmailAddresses={
        "@odata.type": "#Exchange.GenericHashTable", "Add": [f"jeanne.moreau@{NATIONAL}"]})  # fmt: skip
    restore = f"/directory/deletedItems/{user}/restore"
    assert client.graph("POST", restore, {}).json()["error"]["details"][0]["target"] == "proxyAddresses"
    kept = {"autoReconcileProxyConflict": True, "newUserPrincipalName": f"jeanne.m@{NATIONAL}"}
    assert client.graph("POST", restore, kept).status_code == 200
    shown = client.graph("GET", f"/users/{user}?$select=userPrincipalName,proxyAddresses").json()
    assert shown["userPrincipalName"] == f"jeanne.m@{NATIONAL}"
    assert f"jeanne.moreau@{NATIONAL}" not in str(shown["proxyAddresses"]).lower().replace("sip:", "")


def test_a_purged_user_is_gone_for_good(client: Client) -> None:
    user = client.user(f"jeanne.moreau@{NATIONAL}")
    client.graph("DELETE", f"/users/{user}")
    assert client.graph("DELETE", f"/directory/deletedItems/{user}").status_code == 204
    assert client.graph("GET", f"/directory/deletedItems/{user}").status_code == 404


def test_a_new_sign_in_name_moves_the_primary_and_keeps_the_old_address(client: Client) -> None:
    user = client.mailbox(f"jeanne.moreau@{NATIONAL}")["ExternalDirectoryObjectId"]
    assert (
        client.graph("PATCH", f"/users/{user}", {"userPrincipalName": f"jeanne.martin@{NATIONAL}"}).status_code == 204
    )
    held = client.rows("Get-Mailbox", Identity=user)[0]["EmailAddresses"]
    assert {f"SMTP:jeanne.martin@{NATIONAL}", f"smtp:jeanne.moreau@{NATIONAL}", f"SIP:jeanne.martin@{NATIONAL}"} <= set(
        held
    )


def test_writing_mail_moves_the_primary_and_never_takes_anothers(client: Client) -> None:
    user = client.mailbox(f"jeanne.moreau@{NATIONAL}")["ExternalDirectoryObjectId"]
    assert client.graph("PATCH", f"/users/{user}", {"mail": f"jeanne@{NATIONAL}"}).status_code == 204
    shown = client.graph("GET", f"/users/{user}?$select=mail,proxyAddresses").json()
    assert shown["mail"] == f"jeanne@{NATIONAL}"
    assert f"smtp:jeanne.moreau@{NATIONAL}" in shown["proxyAddresses"]
    taken = client.graph("PATCH", f"/users/{user}", {"mail": f"contact@{NATIONAL}", "surname": "Autre"})
    assert taken.json()["error"]["details"][0]["target"] == "proxyAddresses"
    assert client.graph("GET", f"/users/{user}").json()["surname"] is None


def test_a_batch_answers_each_part_and_fails_what_depended_on_a_failure(client: Client) -> None:
    parts = [
        {"id": "1", "method": "GET", "url": "/users?$top=1&$select=id"},
        {"id": "2", "method": "GET", "url": "/users/nobody"},
        {"id": "3", "method": "GET", "url": "/domains", "dependsOn": ["2"]},
        {"id": "4", "method": "PATCH", "url": f"/users/contact@{NATIONAL}", "body": {"city": "Paris"}},
    ]
    answer = client.graph("POST", "/$batch", {"requests": parts})
    assert {part["id"]: part["status"] for part in answer.json()["responses"]} == {
        "1": 200,
        "2": 404,
        "3": 424,
        "4": 400,
    }
    many = [{"id": str(n), "method": "GET", "url": "/domains"} for n in range(21)]
    assert client.graph("POST", "/$batch", {"requests": many}).status_code == 400
    twins = [{"id": name, "method": "GET", "url": "/domains"} for name in ("a", "A")]
    assert client.graph("POST", "/$batch", {"requests": twins}).status_code == 400


def test_changes_are_told_since_the_last_link_and_only_of_what_was_asked(client: Client) -> None:
    gone = client.user(f"zoe.klein@{NATIONAL}")
    first = client.graph("GET", "/users/delta()?$select=displayName,city").json()
    assert len(first["value"]) == 14
    user = client.user(f"jeanne.moreau@{NATIONAL}")
    client.graph("PATCH", f"/users/contact@{NATIONAL}", {"city": "Verdun"})
    client.graph("PATCH", f"/users/karim.benali@{NATIONAL}", {"jobTitle": "DSI"})
    client.graph("DELETE", f"/users/{gone}")
    second = client.graph("GET", first["@odata.deltaLink"]).json()
    assert {row.get("displayName") for row in second["value"]} == {
        f"jeanne.moreau@{NATIONAL}",
        "Contact national",
        None,
    }
    assert [row for row in second["value"] if "@removed" in row] == [{"id": gone, "@removed": {"reason": "changed"}}]
    assert client.graph("GET", second["@odata.deltaLink"]).json()["value"] == []
    latest = client.graph("GET", "/users/delta?$deltatoken=latest&$select=city").json()
    assert latest["value"] == []
    client.graph("PATCH", f"/users/{user}", {"city": "Nancy"})
    assert [row["city"] for row in client.graph("GET", latest["@odata.deltaLink"]).json()["value"]] == ["Nancy"]
    client.wait(8 * 24 * 3600)
    late = client.graph("GET", latest["@odata.deltaLink"])
    assert (late.status_code, late.json()["error"]["code"]) == (410, "syncStateNotFound")
    assert len(client.graph("GET", late.headers["Location"]).json()["value"]) == 14


def test_a_change_shows_what_is_set_or_what_changed_alone(client: Client) -> None:
    link = client.graph("GET", "/users/delta?$select=displayName,city,jobTitle").json()["@odata.deltaLink"]
    client.graph("PATCH", f"/users/karim.benali@{NATIONAL}", {"jobTitle": "DSI"})
    [whole] = client.graph("GET", link).json()["value"]
    assert {**whole, "id": ""} == {"id": "", "displayName": "Karim Benali", "jobTitle": "DSI"}
    [least] = client.graph("GET", link, Prefer="return=minimal").json()["value"]
    assert {**least, "id": ""} == {"id": "", "jobTitle": "DSI"}


def test_a_deletion_is_told_as_one_that_can_be_undone_and_then_as_final(client: Client) -> None:
    gone = client.user(f"zoe.klein@{NATIONAL}")
    link = client.graph("GET", "/users/delta?$select=city").json()["@odata.deltaLink"]
    told = []
    for act in (f"/users/{gone}", f"/directory/deletedItems/{gone}"):
        client.graph("DELETE", act)
        answer = client.graph("GET", link).json()
        link = answer["@odata.deltaLink"]
        told += [row["@removed"]["reason"] for row in answer["value"]]
    assert told == ["changed", "deleted"]
    assert client.graph("GET", link).json()["value"] == []


def _new(upn: str) -> dict[str, Any]:
    return {
        "accountEnabled": True, "displayName": "X", "mailNickname": "x", "userPrincipalName": upn,
        "passwordProfile": {"password": "Azerty-2026-zut"},
    }  # fmt: skip
