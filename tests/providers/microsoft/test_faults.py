"""A tenant in trouble: what is not known is never taken for absent, and what was begun is completed."""

from __future__ import annotations

import concurrent.futures

import pytest
from tests.providers.microsoft.world import DOMAIN, SLUG, Build, World

from reconcile.problem import Problem
from reconcile.providers.base import Observation, Order, Scope, Unknown, Wanted
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value
from reconcile.sandbox.tenant.behaviour.delays import Delays

ANNE = "anne.perrin@spf55.org"
CONTACT = "contact@spf55.org"
PERSON: dict[str, Value] = {
    "licence": "E1",
    "display_name": "Anne Perrin",
    "aliases": ("anne@spf55.org",),
    "usage_location": "FR",
}
SHARED: dict[str, Value] = {"licence": "shared", "display_name": "Contact", "aliases": (), "sign_in": False}
KINDS = ("domain", "domain_verification", "mailbox", "access", "copy_access")


def look(world: World, secret: str = "", **wrong: str) -> Observation:
    settings = world.settings.model_copy(update={"tenant": world.settings.tenant.model_copy(update=wrong)})
    wanted = [Wanted(Address(SLUG, kind, DOMAIN if "domain" in kind else ANNE), None) for kind in KINDS]
    return world.connect(secret, settings).reader.observe(Scope(wanted, {DOMAIN: SLUG}))


def reasons(observation: Observation) -> set[str]:
    assert all(isinstance(shown, Unknown) for shown in observation.observed.values()), observation
    assert len(observation.observed) == len(KINDS)
    return {shown.reason for shown in observation.observed.values() if isinstance(shown, Unknown)}


def test_a_wrong_secret_makes_everything_unknown_for_one_clear_reason(tenant: World) -> None:
    (reason,) = reasons(look(tenant, secret="not-the-secret"))
    assert reason.startswith("AUTH02")
    assert "not-the-secret" not in reason


def test_an_unknown_tenant_is_reported(tenant: World) -> None:
    (reason,) = reasons(look(tenant, id="6f2d1c3a-0000-4000-8000-000000000055"))
    assert reason.startswith("AUTH03")


def test_an_unknown_application_is_reported(tenant: World) -> None:
    (reason,) = reasons(look(tenant, client_id="6f2d1c3a-0000-4000-8000-000000000055"))
    assert reason.startswith("AUTH03")


def test_a_sign_in_server_out_of_reach_is_reported(tenant: World) -> None:
    (reason,) = reasons(look(tenant, authority="https://127.0.0.1:9"))
    assert reason.startswith("AUTH04")


def test_graph_out_of_reach_leaves_what_needs_it_unknown(tenant: World) -> None:
    observed = look(tenant, graph="https://127.0.0.1:9").observed
    for kind in ("domain", "domain_verification", "mailbox"):
        shown = observed[Address(SLUG, kind, DOMAIN if "domain" in kind else ANNE)]
        assert isinstance(shown, Unknown)
        assert shown.reason.startswith("M365-01")


def test_a_list_of_accounts_cut_short_makes_mailboxes_unknown_not_absent(world: World) -> None:
    world.make("mailbox", ANNE, PERSON)
    world.fault("truncate", "GET /v1.0/users", count=6)
    assert isinstance(world.see("mailbox", ANNE), Unknown)
    assert isinstance(world.see("mailbox", ANNE), Live)


def test_a_list_whose_next_page_expired_is_begun_again(world: World) -> None:
    made = world.make("mailbox", ANNE, PERSON)
    world.fault("truncate", "GET /v1.0/users")
    assert world.see("mailbox", ANNE) == made


def test_a_list_of_mailboxes_cut_short_is_read_domain_by_domain(world: World) -> None:
    made = world.make("mailbox", ANNE, PERSON)
    world.fault("truncate", "Get-Mailbox")
    assert world.see("mailbox", ANNE) == made


def test_mailboxes_are_unknown_when_even_one_domain_is_cut_short(world: World) -> None:
    world.make("mailbox", ANNE, PERSON)
    world.fault("truncate", "Get-Mailbox", count=9)
    assert isinstance(world.see("mailbox", ANNE), Unknown)


def test_a_mailbox_we_know_is_asked_for_by_name_before_it_is_called_absent(build: Build) -> None:
    """A new account is listed later than it is found; the plan after the apply must not create it again."""
    world = build(delays=Delays(listing=5000))
    world.add_domain()
    made = world.make("mailbox", ANNE, PERSON)
    assert world.observe(("mailbox", ANNE, made.identity)).observed == {made.address: made}


def test_an_answer_that_is_not_as_described_is_unknown_not_absent(
    tenant: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconcile.providers.microsoft.reading.records.user", lambda row: row["no such property"])
    shown = tenant.see("mailbox", "theo.ricard@national.example")
    assert isinstance(shown, Unknown)
    assert shown.reason.startswith("M365-04")


def test_nobody_takes_a_failed_look_for_absence(tenant: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconcile.providers.microsoft.reading.records.user", lambda row: row["no such property"])
    watch = tenant.provider.patient._by_kind["mailbox"]._watch  # type: ignore[attr-defined]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        looks = [pool.submit(watch.user, "theo.ricard@national.example") for _ in range(8)]
    assert {type(look.exception()) for look in looks} == {KeyError}


def test_a_domain_list_cut_short_makes_domains_unknown(world: World) -> None:
    world.fault("truncate", "GET /v1.0/domains", count=6)
    assert isinstance(world.see("domain", DOMAIN), Unknown)


@pytest.mark.parametrize("kind", ["throttle", "unavailable"])
@pytest.mark.parametrize("path", ["/v1.0/", "/adminapi/"])
def test_a_busy_service_is_waited_for(world: World, kind: str, path: str) -> None:
    world.fault(kind, path, count=4)
    assert world.make("mailbox", ANNE, PERSON).fields["licence"] == "E1"
    assert world.status()["users"] == 14


def test_a_person_created_though_the_answer_was_lost_is_created_once(world: World) -> None:
    world.fault("drop_answer", "POST /v1.0/users")
    made = world.make("mailbox", ANNE, PERSON)
    assert made.fields["aliases"] == PERSON["aliases"]
    assert world.status()["users"] == 14


def test_a_shared_mailbox_created_though_the_answer_was_lost_is_created_once(world: World) -> None:
    world.fault("drop_answer", "New-Mailbox")
    assert world.make("mailbox", CONTACT, SHARED).fields["licence"] == "shared"
    assert world.status()["shared_mailboxes"] == 2


@pytest.mark.parametrize("path", ["assignLicense", "Set-Mailbox", "PATCH /v1.0/users"])
def test_a_change_whose_answer_is_lost_is_confirmed_by_looking(world: World, path: str) -> None:
    world.fault("drop_answer", path)
    world.make("mailbox", ANNE, PERSON)
    world.fault("drop_answer", path)
    assert world.make("mailbox", ANNE, {**PERSON, "licence": "E3", "phone": "03"}).fields["licence"] == "E3"


def test_a_creation_cut_off_half_way_is_completed_not_repeated(world: World) -> None:
    """The run before was killed after the account was made: no licence, no mailbox."""
    seats = world.settings.model_copy(update={"licences": world.settings.licences.model_copy(update={"E1": ("NONE",)})})
    order = Order(Address(SLUG, "mailbox", ANNE), None, PERSON, frozenset(PERSON))
    with pytest.raises(Problem, match="no subscription") as told:
        world.connect(settings=seats).writer.create(order)
    assert told.value.code == "M365-13"
    assert world.provider.writer.create(order).fields["licence"] == "E1"
    assert world.status()["users"] == 14


def test_an_account_somebody_else_made_since_the_plan_is_not_taken_over(world: World) -> None:
    staff = "theo.ricard@national.example"
    order = Order(Address(SLUG, "mailbox", staff), None, {**PERSON, "aliases": ()}, frozenset(PERSON))
    with pytest.raises(Problem, match="appeared since the plan") as told:
        world.provider.writer.create(order)
    assert told.value.code == "M365-23"


def test_a_deleted_mailbox_is_not_deleted_twice(world: World) -> None:
    world.make("mailbox", ANNE, PERSON)
    planned = world.live("mailbox", ANNE)
    order = Order(Address(SLUG, "mailbox", ANNE), planned, {}, frozenset())
    world.fault("drop_answer", "DELETE /v1.0/users")
    world.provider.writer.delete(order)
    world.provider.writer.delete(order)


def test_a_list_that_ends_with_a_warning_deletes_and_creates_nothing(world: World) -> None:
    world.make("mailbox", ANNE, PERSON)
    world.make("mailbox", CONTACT, SHARED)
    world.control("behaviour", {"switches": {"exchange_page": 5, "exchange_pages": "cut"}})
    observed = world.observe(("mailbox", ANNE, ""), ("mailbox", CONTACT, ""), ("mailbox", f"new@{DOMAIN}", "")).observed
    assert {shown.reason[:7] for shown in observed.values() if isinstance(shown, Unknown)} == {"M365-05"}
    assert len(observed) == 3


def test_a_list_whose_links_never_work_is_read_domain_by_domain(world: World) -> None:
    world.make("mailbox", ANNE, PERSON)
    world.make("mailbox", CONTACT, SHARED)
    world.control("behaviour", {"switches": {"exchange_page": 12, "exchange_pages": "expired"}})
    assert isinstance(world.see("mailbox", ANNE), Live)
    assert isinstance(world.see("access", CONTACT), Live)
