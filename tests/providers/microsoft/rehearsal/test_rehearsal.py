"""What is told of a federation's move before the day."""

from __future__ import annotations

import pytest
from tests.providers.microsoft.world import DOMAIN, SLUG, Build, World

from reconcile.problem import Problem
from reconcile.providers.microsoft.rehearsal.rehearsal import Check, Move, Verdict, rehearse
from reconcile.resources.resource import Value
from reconcile.sandbox.tenant.sign_in.permissions import GRANTED

ANNE = f"anne@{DOMAIN}"
ELSEWHERE = "0ddba11a-0000-4000-8000-000000000001"
PERSON: dict[str, Value] = {"licence": "E1", "display_name": "Anne", "aliases": (), "usage_location": "FR"}


def checks(world: World, secret: str = "", **licences: str) -> tuple[Check, ...]:
    described = {f"{local}@{DOMAIN}": licence for local, licence in (licences or {"anne": "E1"}).items()}
    move = Move(SLUG, (DOMAIN,), described)
    return rehearse(world.settings, secret or world.server.client_secret, world.clock, move)


def told(world: World, verdict: Verdict, **licences: str) -> list[str]:
    return [check.message for check in checks(world, **licences) if check.verdict is verdict]


def test_a_move_nothing_stands_against(tenant: World) -> None:
    assert {check.verdict for check in checks(tenant)} == {Verdict.READY}
    assert f"No other tenant holds {DOMAIN}." in told(tenant, Verdict.READY)
    assert "Licence E1: 1 needed, 54 free." in told(tenant, Verdict.READY)


def test_a_rehearsal_changes_nothing(tenant: World) -> None:
    before = tenant.status()
    checks(tenant)
    after = tenant.status()
    assert {**before, "now": ""} == {**after, "now": ""}


def test_a_domain_of_another_tenant_stands_in_the_way(tenant: World) -> None:
    tenant.control("elsewhere", {"domain": DOMAIN, "tenant": ELSEWHERE})
    (reason,) = told(tenant, Verdict.BLOCKED)
    assert reason == f"{DOMAIN} belongs to another Microsoft tenant, {ELSEWHERE}."
    with pytest.raises(Problem, match="belongs to another Microsoft tenant") as refused:
        tenant.add_domain()
    assert refused.value.code == "M365-21"


def test_a_tenant_nobody_administers_is_recognised_and_its_people_come_along(tenant: World) -> None:
    tenant.control("elsewhere", {"domain": DOMAIN, "tenant": ELSEWHERE, "viral": True, "people": ["anne", "luc"]})
    assert told(tenant, Verdict.BLOCKED) == []
    (reason,) = told(tenant, Verdict.WARNING)
    assert "nobody administers" in reason
    tenant.add_domain()
    assert f"{ANNE} exists already." in told(tenant, Verdict.WARNING)
    assert tenant.live("mailbox", ANNE).owner == ""


@pytest.mark.parametrize(
    "permission", ["Domain.ReadWrite.All", "User-PasswordProfile.ReadWrite.All", "IMAP.AccessAsApp"]
)
def test_a_permission_the_day_will_need_is_named_beforehand(build: Build, permission: str) -> None:
    world = build(permissions=[name for name in GRANTED if name != permission])
    (reason,) = [one for one in told(world, Verdict.BLOCKED) if "lacks" in one]
    assert reason.startswith(f"The application lacks the permission {permission}, needed for ")


def test_missing_seats_stand_in_the_way(build: Build) -> None:
    world = build(seats={"E1": 7, "E3": 9})
    (reason,) = told(world, Verdict.BLOCKED, anne="E1", luc="E1", zoe="E1", contact="shared")
    assert reason == "Licence E1: 3 needed, only 1 free."


def test_once_created_a_mailbox_needs_no_seat_more(world: World) -> None:
    world.make("mailbox", ANNE, PERSON)
    assert "Licence E1: 0 needed, 53 free." in told(world, Verdict.READY)
    assert told(world, Verdict.WARNING) == []


def test_a_domain_made_authoritative_too_early_is_reported(world: World) -> None:
    assert told(world, Verdict.WARNING) == []
    world.make("mail_flow", DOMAIN, {"type": "Authoritative"})
    (reason,) = told(world, Verdict.WARNING)
    assert reason == f"Our tenant refuses mail to addresses of {DOMAIN} not moved yet: 1 of them."
    world.make("mailbox", ANNE, PERSON)
    assert told(world, Verdict.WARNING) == []


def test_whoever_has_an_address_of_the_federation_is_named(world: World) -> None:
    world.by_hand("theo.ricard@national.example", add_alias=f"theo@{DOMAIN}")
    world.by_hand("karim.benali@national.example", add_alias=ANNE)
    assert told(world, Verdict.WARNING) == [f"Already held by the account theo.ricard@national.example: theo@{DOMAIN}."]
    assert told(world, Verdict.BLOCKED) == [
        f"{ANNE} is already an address of the account karim.benali@national.example."
    ]


@pytest.mark.parametrize(
    ("kind", "holder"),
    [
        ("guest", f"the guest anne_{DOMAIN}#ext#@entraide.onmicrosoft.com"),
        ("contact", f"the contact {ANNE}"),
        ("group", f"the group {ANNE}"),
        ("mail_user", f"the mail user {ANNE}"),
    ],
)
def test_whatever_holds_a_described_address_stands_in_the_way_and_is_named(
    world: World, kind: str, holder: str
) -> None:
    world.control("recipient", {"kind": kind, "address": ANNE})
    (check,) = [one for one in checks(world) if one.verdict is Verdict.BLOCKED]
    assert check.message == f"{ANNE} is already an address of {holder}."
    assert check.hint


def test_a_deleted_account_of_somebody_elses_stands_in_the_way(world: World) -> None:
    world.by_hand("theo.ricard@national.example", add_alias=ANNE)
    world.by_hand("theo.ricard@national.example", delete=True)
    assert told(world, Verdict.BLOCKED) == [
        f"{ANNE} is already an address of the deleted account theo.ricard@national.example."
    ]


def test_a_refused_application_is_reported_once_a_step(tenant: World) -> None:
    found = checks(tenant, secret="wrong")
    assert {check.verdict for check in found} == {Verdict.BLOCKED}
    assert all(check.message.startswith("AUTH02") for check in found)
