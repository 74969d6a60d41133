"""The network's signature as one mail flow rule: written, read back, known again, and never taken from somebody."""

from __future__ import annotations

import pytest
from tests.providers.microsoft.world import World

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Order, Scope, Wanted
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Value

NAME = "reconcile signature"
WANTED: dict[str, Value] = {
    "text": "<!-- SPF-SIG --><div><b>%%DisplayName%%</b><br><span>Réf. SPF-SIG</span></div>",
    "senders": ("spf55.org", "verdun.spf55.org"),
    "scope": "InOrganization",
    "unless_word": "SPF-SIG",
    "unless_header": "X-SPF-Letter",
    "unless_type": "Calendaring",
    "fallback": "Ignore",
    "enabled": True,
}


def seen(world: World, fields: dict[str, Value] = WANTED) -> Live:
    """What a plan that wants these fields reads."""
    address = Address("network", "signature", NAME)
    wanted = Wanted(address, Desired(address, fields))
    shown = world.provider.reader.observe(Scope([wanted], {})).observed[address]
    assert isinstance(shown, Live), shown
    return shown


def run(world: World, cmdlet: str, **parameters: object) -> None:
    """What an administrator does in Exchange."""
    world.provider.patient._by_kind["signature"].writer._exchange.run(cmdlet, **parameters)  # type: ignore


@pytest.fixture(params=[False, True], ids=["as given", "rewritten"])
def signed(tenant: World, request: pytest.FixtureRequest) -> World:
    """A tenant with the rule; it keeps the HTML as given, or written otherwise."""
    tenant.control("behaviour", {"switches": {"rules_rewritten": request.param}})
    assert tenant.see("signature", NAME) == ABSENT
    made = tenant.make("signature", NAME, WANTED)
    assert made.fields == WANTED
    return tenant


def test_a_rule_that_is_there_as_asked_is_no_difference(signed: World) -> None:
    assert seen(signed).fields == WANTED


def test_another_text_or_another_domain_is_a_difference_and_is_written(signed: World) -> None:
    other = {**WANTED, "text": "<div>%%DisplayName%%<br>autre</div>", "senders": ("spf55.org",)}
    before = seen(signed, other)
    assert before.fields["text"] != other["text"]
    order = Order(before.address, before, other, frozenset({"text", "senders"}))
    assert signed.provider.writer.update(order).fields == other
    assert seen(signed, other).fields == other


@pytest.mark.parametrize(
    ("cmdlet", "change"),
    [
        ("Set-TransportRule", {"ApplyHtmlDisclaimerText": "<div>à la main</div>"}),
        ("Set-TransportRule", {"ExceptIfSubjectOrBodyContainsWords": ["autre"]}),
        ("Set-TransportRule", {"Mode": "Audit"}),
        ("Set-TransportRule", {"ExceptIfHeaderMatchesPatterns": ["autre"]}),
        ("Disable-TransportRule", {}),
    ],
)
def test_what_somebody_changes_by_hand_is_seen_and_put_right(
    signed: World, cmdlet: str, change: dict[str, object]
) -> None:
    run(signed, cmdlet, Identity=NAME, **change)
    live = seen(signed)
    assert live.fields != WANTED
    changed = frozenset(name for name, value in WANTED.items() if live.fields[name] != value)
    assert signed.provider.writer.update(Order(live.address, live, WANTED, changed)).fields == WANTED


def test_a_change_since_the_plan_is_not_overwritten(signed: World) -> None:
    before = seen(signed)
    run(signed, "Set-TransportRule", Identity=NAME, SenderDomainIs=["national.example"])
    order = Order(before.address, before, {**WANTED, "senders": ("spf55.org",)}, frozenset({"senders"}))
    with pytest.raises(Problem) as refused:
        signed.provider.writer.update(order)
    assert refused.value.code == "M365-15"


def test_a_rule_of_that_name_that_is_somebody_s_is_left_alone(tenant: World) -> None:
    run(tenant, "New-TransportRule", Name=NAME, ApplyHtmlDisclaimerText="<p>La nationale</p>")
    for act in (tenant.provider.writer.create, tenant.provider.writer.delete):
        with pytest.raises(Problem) as refused:
            act(Order(Address("network", "signature", NAME), None, WANTED, frozenset(WANTED)))
        assert refused.value.code == "SIG08"
    assert seen(tenant).fields["text"] == "<p>La nationale</p>"


@pytest.mark.parametrize("fault", ["drop_answer", "late_error", "unavailable", "busy"])
def test_an_answer_that_is_lost_is_settled_by_looking(fault: str, tenant: World) -> None:
    tenant.fault(fault, "New-TransportRule")
    order = Order(Address("network", "signature", NAME), None, WANTED, frozenset(WANTED))
    assert tenant.provider.writer.create(order).fields == WANTED
    tenant.fault(fault, "Remove-TransportRule")
    tenant.provider.writer.delete(Order(order.address, seen(tenant), {}, frozenset()))
    assert tenant.see("signature", NAME) == ABSENT


def test_the_rule_goes_and_going_twice_is_no_trouble(signed: World) -> None:
    order = Order(Address("network", "signature", NAME), seen(signed), {}, frozenset())
    signed.provider.writer.delete(order)
    signed.provider.writer.delete(order)
    assert signed.see("signature", NAME) == ABSENT
