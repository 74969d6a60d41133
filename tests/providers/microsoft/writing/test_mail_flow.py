"""A domain's mail before and after the switch, and its signing keys."""

from __future__ import annotations

import pytest
from tests.providers.microsoft.world import DOMAIN, World

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT
from reconcile.resources.resource import Value

AUTHORITATIVE: dict[str, Value] = {"type": "Authoritative"}


def test_until_the_switch_mail_for_unknown_addresses_goes_on_to_the_old_host(world: World) -> None:
    assert world.live("mail_flow", DOMAIN).fields == {"type": "InternalRelay"}


def test_a_relay_that_is_refused_once_shows_as_a_difference_and_is_set_the_next_time(tenant: World) -> None:
    tenant.control("behaviour", {"switches": {"relay_refused_once": "on"}})
    with pytest.raises(Problem, match=DOMAIN):
        tenant.add_domain()
    tenant.new_run()
    assert tenant.live("domain_verification", DOMAIN).fields["accepted"]
    assert tenant.live("mail_flow", DOMAIN).fields == AUTHORITATIVE
    assert tenant.make("mail_flow", DOMAIN, {"type": "InternalRelay"}).fields == {"type": "InternalRelay"}


@pytest.mark.parametrize("kind", ["busy", "unavailable", "throttle", "drop_answer"])
def test_a_relay_call_that_fails_for_a_moment_is_made_again_at_once(tenant: World, kind: str) -> None:
    tenant.fault(kind, "Set-AcceptedDomain", 2)
    tenant.add_domain()
    assert tenant.live("mail_flow", DOMAIN).fields == {"type": "InternalRelay"}


def test_after_the_switch_the_tenant_answers_for_every_address(world: World) -> None:
    made = world.make("mail_flow", DOMAIN, AUTHORITATIVE)
    assert world.live("mail_flow", DOMAIN) == made
    assert made.fields == AUTHORITATIVE


def test_a_domain_that_was_there_before_us_keeps_its_mail_flow(world: World) -> None:
    services = {"verified": True, "services": ("Email",), "accepted": True}
    world.make("domain_verification", "national.example", services)
    assert world.live("mail_flow", "national.example").fields == AUTHORITATIVE


def test_a_domain_nobody_describes_any_more_refuses_nobody(world: World) -> None:
    world.make("mail_flow", DOMAIN, AUTHORITATIVE)
    world.remove("mail_flow", DOMAIN)
    assert world.live("mail_flow", DOMAIN).fields == {"type": "InternalRelay"}


def test_without_an_accepted_domain_there_is_no_mail_flow(tenant: World) -> None:
    assert tenant.see("mail_flow", DOMAIN) == ABSENT
    with pytest.raises(Problem, match="does not accept this domain"):
        tenant.make("mail_flow", DOMAIN, AUTHORITATIVE)


def test_signing_starts_once_the_dns_points_to_the_keys(world: World) -> None:
    assert world.see("dkim", DOMAIN) == ABSENT
    keys = world.make("dkim", DOMAIN, {"keys": True})
    assert world.live("dkim", DOMAIN) == keys
    assert world.see("dkim_signing", DOMAIN) == ABSENT
    for selector in ("selector1", "selector2"):
        (target,) = keys.outputs[selector]  # type: ignore[misc]
        assert target.endswith(".")
        world.zone[f"{selector}._domainkey.{DOMAIN}", "CNAME"] = [target]
    signing = world.make("dkim_signing", DOMAIN, {"enabled": True})
    assert world.live("dkim_signing", DOMAIN) == signing
    world.remove("dkim_signing", DOMAIN)
    assert world.see("dkim_signing", DOMAIN) == ABSENT


def test_keys_that_are_not_in_the_dns_are_reported(world: World) -> None:
    world.make("dkim", DOMAIN, {"keys": True})
    with pytest.raises(Problem, match="does not see the DKIM names") as told:
        world.make("dkim_signing", DOMAIN, {"enabled": True})
    assert told.value.code == "M365-29"


def test_keys_made_though_the_answer_was_lost_are_made_once(world: World) -> None:
    world.fault("drop_answer", "New-DkimSigningConfig")
    assert "selector1" in world.make("dkim", DOMAIN, {"keys": True}).outputs
