"""Microsoft's own client takes the sandbox for Graph, and gets typed objects back."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from tests.sdk.conftest import Microsoft

pytestmark = pytest.mark.sdk

E1 = "Office_365_w/o_Teams_Bundle_E1"
NATIONAL = "national.example"


def new_user(name: str) -> Any:
    from msgraph.generated.models.password_profile import PasswordProfile
    from msgraph.generated.models.user import User

    return User(
        account_enabled=True,
        display_name=f"{name.capitalize()} Mérieux",
        given_name=name.capitalize(),
        business_phones=["03 29 00 00 00"],
        mail_nickname=name,
        user_principal_name=f"{name}@{NATIONAL}",
        usage_location="FR",
        password_profile=PasswordProfile(password="Azerty-2026-zut", force_change_password_next_sign_in=True),
    )


def test_a_user_is_created_read_changed_and_deleted(microsoft: Microsoft) -> None:
    from msgraph.generated.models.user import User
    from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder

    async def do(graph: Any) -> Any:
        made = await graph.users.post(new_user("anne"))
        assert isinstance(made, User)
        assert uuid.UUID(made.id)
        await graph.users.by_user_id(made.id).patch(User(job_title="Trésorière"))
        wanted = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters(
            select=["jobTitle", "accountEnabled", "createdDateTime", "businessPhones", "proxyAddresses"]
        )
        read = await graph.users.by_user_id(made.id).get(
            UserItemRequestBuilder.UserItemRequestBuilderGetRequestConfiguration(query_parameters=wanted)
        )
        plain = await graph.users.by_user_id(f"anne@{NATIONAL}").get()
        await graph.users.by_user_id(made.id).delete()
        deleted = await graph.directory.deleted_items.graph_user.get()
        restored = await graph.directory.deleted_items.by_directory_object_id(made.id).restore.post()
        return read, plain, deleted, restored

    read, plain, deleted, restored = microsoft.run(do)
    assert (read.job_title, read.account_enabled) == ("Trésorière", True)
    assert read.created_date_time.tzinfo is not None
    assert (plain.surname, plain.account_enabled) == (None, None)  # not among the default properties
    assert [user.display_name for user in deleted.value] == ["Anne Mérieux"]
    assert isinstance(restored, User)


def test_every_user_comes_page_by_page(microsoft: Microsoft) -> None:
    from msgraph.generated.users.users_request_builder import UsersRequestBuilder
    from msgraph_core.tasks.page_iterator import PageIterator

    async def do(graph: Any) -> list[str]:
        query = UsersRequestBuilder.UsersRequestBuilderGetQueryParameters(top=3, select=["userPrincipalName"])
        first = await graph.users.get(
            UsersRequestBuilder.UsersRequestBuilderGetRequestConfiguration(query_parameters=query)
        )
        assert len(first.value) == 3
        seen: list[str] = []

        def note(user: Any) -> bool:
            seen.append(user.user_principal_name)
            return True

        await PageIterator(first, graph.request_adapter).iterate(note)
        return seen

    seen = microsoft.run(do)
    assert len(seen) == len(set(seen)) == microsoft.other.control("status")["users"]


def test_a_refusal_is_microsofts_own_error(microsoft: Microsoft) -> None:
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError

    async def do(graph: Any) -> Any:
        await graph.users.post(new_user("luc"))
        with pytest.raises(ODataError) as taken:
            await graph.users.post(new_user("luc"))
        with pytest.raises(ODataError) as missing:
            await graph.users.by_user_id(str(uuid.uuid4())).get()
        return taken.value, missing.value

    taken, missing = microsoft.run(do)
    assert taken.response_status_code == 400
    assert taken.error.code == "Request_BadRequest"
    assert "userPrincipalName already exists" in taken.error.message
    assert [detail.target for detail in taken.error.details][:1] == ["userPrincipalName"]
    assert taken.error.inner_error.request_id
    assert (missing.response_status_code, missing.error.code) == (404, "Request_ResourceNotFound")


def test_a_licence_is_bought_given_and_counted(microsoft: Microsoft) -> None:
    from msgraph.generated.models.assigned_license import AssignedLicense
    from msgraph.generated.users.item.assign_license.assign_license_post_request_body import (
        AssignLicensePostRequestBody,
    )

    async def do(graph: Any) -> Any:
        skus = {sku.sku_part_number: sku for sku in (await graph.subscribed_skus.get()).value}
        user = await graph.users.post(new_user("zoe"))
        body = AssignLicensePostRequestBody(
            add_licenses=[AssignedLicense(sku_id=skus[E1].sku_id, disabled_plans=[])], remove_licenses=[]
        )
        assigned = await graph.users.by_user_id(user.id).assign_license.post(body)
        details = await graph.users.by_user_id(user.id).license_details.get()
        after = {sku.sku_part_number: sku for sku in (await graph.subscribed_skus.get()).value}
        return skus[E1], after[E1], assigned, details.value

    before, after, assigned, details = microsoft.run(do)
    assert isinstance(before.sku_id, uuid.UUID)
    assert before.prepaid_units.enabled == 60
    assert after.consumed_units == before.consumed_units + 1
    assert assigned.user_principal_name == f"zoe@{NATIONAL}"
    assert [detail.sku_part_number for detail in details] == [E1]
    assert {plan.service_plan_name for plan in details[0].service_plans} >= {"EXCHANGE_S_STANDARD"}


def test_a_domain_is_added_proven_and_tells_its_records(microsoft: Microsoft) -> None:
    from msgraph.generated.models.domain import Domain
    from msgraph.generated.models.domain_dns_mx_record import DomainDnsMxRecord
    from msgraph.generated.models.domain_dns_txt_record import DomainDnsTxtRecord
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError

    async def add(graph: Any) -> Any:
        added = await graph.domains.post(Domain(id="spf55.org"))
        proofs = (await graph.domains.by_domain_id("spf55.org").verification_dns_records.get()).value
        with pytest.raises(ODataError, match="Domain verification failed"):
            await graph.domains.by_domain_id("spf55.org").verify.post()
        return added, proofs

    added, proofs = microsoft.run(add)
    assert (added.id, added.is_verified, added.authentication_type) == ("spf55.org", False, "Managed")
    texts = [proof.text for proof in proofs if isinstance(proof, DomainDnsTxtRecord)]
    assert texts[0].startswith("MS=ms")
    assert any(isinstance(proof, DomainDnsMxRecord) for proof in proofs)
    microsoft.zones["spf55.org", "TXT"] = texts

    async def prove(graph: Any) -> Any:
        item = graph.domains.by_domain_id("spf55.org")
        verified = await item.verify.post()
        await item.patch(Domain(supported_services=["Email"]))
        microsoft.other.wait(120)
        return verified, (await item.get()), (await item.service_configuration_records.get()).value

    verified, now, records = microsoft.run(prove)
    assert verified.is_verified
    assert now.supported_services == ["Email"]
    assert {type(record).__name__ for record in records} == {
        "DomainDnsMxRecord", "DomainDnsTxtRecord", "DomainDnsCnameRecord",
    }  # fmt: skip
    assert next(record for record in records if isinstance(record, DomainDnsMxRecord)).preference == 0


def test_a_batch_answers_each_part_for_itself(microsoft: Microsoft) -> None:
    from kiota_serialization_json.json_parse_node import JsonParseNode
    from msgraph.generated.models.o_data_errors.o_data_error import ODataError
    from msgraph.generated.models.user import User
    from msgraph_core.requests.batch_request_content import BatchRequestContent
    from msgraph_core.requests.batch_request_item import BatchRequestItem

    async def do(graph: Any) -> Any:
        there = graph.users.by_user_id("theo.ricard@national.example").to_get_request_information()
        nobody = graph.users.by_user_id(str(uuid.uuid4())).to_get_request_information()
        made = graph.users.to_post_request_information(new_user("max"))
        parts = []
        for name, information in (("there", there), ("nobody", nobody), ("made", made)):
            part = BatchRequestItem(request_information=information, id=name)
            part.set_url(part.url.removeprefix(f"{microsoft.server.url}/v1.0"))
            parts.append(part)
        content = BatchRequestContent({part.id: part for part in parts})
        # The client's own BatchResponseContent of this version drops every body that is JSON, as all of Graph's are.
        information = await graph.batch.to_post_request_information(content)
        raw = await graph.request_adapter.send_primitive_async(information, "bytes", {})
        answers = {answer["id"]: answer for answer in json.loads(raw)["responses"]}
        theo = JsonParseNode(answers["there"]["body"]).get_object_value(User)
        refused = JsonParseNode(answers["nobody"]["body"]).get_object_value(ODataError)
        return {name: answer["status"] for name, answer in answers.items()}, theo, refused

    statuses, theo, refused = microsoft.run(do)
    assert statuses == {"there": 200, "nobody": 404, "made": 201}
    assert (theo.given_name, theo.job_title) == ("Théo", "Logistique")
    assert refused.error.code == "Request_ResourceNotFound"


def test_delta_tells_what_changed_since(microsoft: Microsoft) -> None:
    from msgraph.generated.models.user import User
    from msgraph.generated.users.delta.delta_request_builder import DeltaRequestBuilder

    async def do(graph: Any) -> Any:
        query = DeltaRequestBuilder.DeltaRequestBuilderGetQueryParameters(select=["displayName", "jobTitle"])
        everything = await graph.users.delta.get(
            DeltaRequestBuilder.DeltaRequestBuilderGetRequestConfiguration(query_parameters=query)
        )
        made = await graph.users.post(new_user("eva"))
        theo = next(user for user in everything.value if user.display_name == "Théo Ricard")
        await graph.users.by_user_id(theo.id).patch(User(job_title="Entrepôt"))
        second = await graph.users.delta.with_url(everything.odata_delta_link).get()
        await graph.users.by_user_id(made.id).delete()
        third = await graph.users.delta.with_url(second.odata_delta_link).get()
        return everything.value, made, second.value, third.value

    everything, made, second, third = microsoft.run(do)
    assert len(everything) == microsoft.other.control("status")["users"]
    assert {(user.display_name, user.job_title) for user in second} == {
        ("Eva Mérieux", None), ("Théo Ricard", "Entrepôt"),
    }  # fmt: skip
    assert [(user.id, user.additional_data["@removed"]["reason"]) for user in third] == [(made.id, "changed")]
