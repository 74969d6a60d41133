"""A federation's domain, from unknown to receiving mail."""

from __future__ import annotations

import threading
import time

import pytest
from tests.providers.microsoft.world import DOMAIN, World

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT
from reconcile.resources.resource import Live

SERVICES = {"verified": True, "services": ("Email",), "accepted": True}


def test_an_unknown_domain_is_absent(tenant: World) -> None:
    assert tenant.see("domain", DOMAIN) == ABSENT
    assert tenant.see("domain_verification", DOMAIN) == ABSENT


def test_an_added_domain_tells_the_text_that_proves_it(tenant: World) -> None:
    added = tenant.make("domain", DOMAIN, {"root": DOMAIN})
    assert str(added.outputs["verification_txt"]).startswith("('MS=ms")
    assert tenant.see("domain", DOMAIN) == added
    assert tenant.see("domain_verification", DOMAIN) == ABSENT


def test_a_proven_domain_is_switched_on_for_mail_and_tells_its_records(tenant: World) -> None:
    added = tenant.make("domain", DOMAIN, {"root": DOMAIN})
    tenant.publish(DOMAIN, added.outputs["verification_txt"])
    live = tenant.make("domain_verification", DOMAIN, SERVICES)
    assert live.fields == SERVICES
    assert live.outputs["spf_includes"] == ("spf.protection.outlook.com",)
    assert live.outputs["autodiscover"] == ("autodiscover.outlook.com.",)
    (mx,) = live.outputs["mx"]  # type: ignore[misc]
    assert mx.startswith("0 spf55-org.")
    assert mx.endswith(".")
    assert tenant.see("domain_verification", DOMAIN) == live


def test_the_proof_is_still_told_once_the_domain_is_verified(world: World) -> None:
    assert "verification_txt" in world.live("domain", DOMAIN).outputs


def test_a_subdomain_is_verified_with_its_root(world: World) -> None:
    world.add_domain("verdun.spf55.org", root=DOMAIN)
    assert world.live("domain", "verdun.spf55.org").fields == {"root": DOMAIN}
    assert world.live("domain", "verdun.spf55.org").outputs == {}
    assert world.live("domain_verification", "verdun.spf55.org").fields == SERVICES
    assert "mx" in world.live("domain_verification", "verdun.spf55.org").outputs


def test_a_record_published_late_is_waited_for(tenant: World) -> None:
    added = tenant.make("domain", DOMAIN, {"root": DOMAIN})

    def publish_later() -> None:
        time.sleep(0.1)
        tenant.publish(DOMAIN, added.outputs["verification_txt"])

    later = threading.Thread(target=publish_later)
    later.start()
    assert tenant.make("domain_verification", DOMAIN, SERVICES).fields == SERVICES
    later.join()


def test_a_record_never_published_is_reported_with_the_next_step(tenant: World) -> None:
    tenant.make("domain", DOMAIN, {"root": DOMAIN})
    with pytest.raises(Problem, match="does not see the verification record") as told:
        tenant.make("domain_verification", DOMAIN, SERVICES)
    assert told.value.code == "M365-20"
    assert "TXT" in told.value.hint


def test_services_somebody_else_switched_on_stay(world: World) -> None:
    live = world.make("domain_verification", "national.example", SERVICES)
    assert live.fields["services"] == ("Email", "OfficeCommunicationsOnline")


def test_a_domain_added_though_the_answer_was_lost_is_added_once(tenant: World) -> None:
    tenant.fault("drop_answer", "POST /v1.0/domains")
    assert isinstance(tenant.make("domain", DOMAIN, {"root": DOMAIN}), Live)


def test_a_domain_can_be_taken_out_again(tenant: World) -> None:
    tenant.make("domain", DOMAIN, {"root": DOMAIN})
    tenant.remove("domain", DOMAIN)
    assert tenant.see("domain", DOMAIN) == ABSENT
