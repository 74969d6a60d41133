"""The way from the tenant to an old host: one connector for all its federations, proved by a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from tests.providers.microsoft.world import DOMAIN, SLUG, World

from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Live, Order, Scope, Wanted
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Value

HOST, BOX = "smtp.mutualise.example", f"contact@{DOMAIN}"
SUBDOMAIN = f"verdun.{DOMAIN}"
WAY: dict[str, Value] = {
    "server": "mutualise",
    "host": HOST,
    "tls": "encrypted",
    "enabled": True,
    "domains": (DOMAIN, SUBDOMAIN),
    "proved_by": (BOX,),
}
OVER: dict[str, Value] = {"domains": ()}
ADDRESS = Address(SLUG, "connector", DOMAIN)
OTHERS = Address("spf51", "connector", "spf51.org")


@pytest.fixture
def world(tenant: World) -> World:
    tenant.hosts[HOST] = {BOX, "contact@spf51.org"}
    return tenant


def rows(world: World) -> list[dict[str, Any]]:
    return world.server._control._world.outbound_connectors


def look(world: World, fields: Mapping[str, Value], recorded: Mapping[str, Value] = {}) -> Any:
    wanted = Wanted(ADDRESS, Desired(ADDRESS, fields), recorded=recorded)
    return world.provider.reader.observe(Scope([wanted], {DOMAIN: SLUG, SUBDOMAIN: SLUG})).observed[ADDRESS]


def change(world: World, fields: Mapping[str, Value]) -> Live:
    """Look, then write what differs, as plan and apply do; then look again and find nothing to do."""
    shown = look(world, fields)
    before = shown if isinstance(shown, Live) else None
    made = world.provider.writer.update(Order(ADDRESS, before, fields, frozenset(fields)))
    seen = look(world, fields)
    assert isinstance(seen, Live)
    assert {name: seen.fields[name] for name in fields} == dict(fields)
    return made


def neighbour(world: World, fields: Mapping[str, Value] = {}) -> None:
    wanted = {**WAY, "domains": ("spf51.org",), "proved_by": ("contact@spf51.org",), **fields}
    world.provider.writer.create(Order(OTHERS, None, wanted, frozenset(wanted)))


def test_a_connector_leads_to_the_old_host_by_its_name_never_by_dns_and_names_each_domain(world: World) -> None:
    assert look(world, WAY) == ABSENT
    made = change(world, WAY)
    assert made.fields == WAY
    (row,) = rows(world)
    assert (row["UseMXRecord"], row["SmartHosts"], row["ConnectorType"]) == (False, [HOST], "OnPremises")
    assert row["RecipientDomains"] == [DOMAIN, SUBDOMAIN]
    assert (row["AllAcceptedDomains"], row["IsValidated"]) == (False, True)


def test_the_way_is_proved_by_a_message_from_the_tenants_default_domain(world: World) -> None:
    change(world, WAY)
    assert world.sent == [("O365ConnectorValidation@national.example", BOX)]


def test_federations_of_one_old_host_share_a_connector_and_leave_each_others_part_alone(world: World) -> None:
    neighbour(world)
    change(world, WAY)
    (row,) = rows(world)
    assert set(row["RecipientDomains"]) == {"spf51.org", DOMAIN, SUBDOMAIN}
    assert set(row["ValidationRecipients"]) == {"contact@spf51.org", BOX}
    change(world, OVER)
    assert (row["RecipientDomains"], row["ValidationRecipients"]) == (["spf51.org"], ["contact@spf51.org"])


def test_the_last_domain_takes_the_connector_along_and_none_is_nothing_to_do(world: World) -> None:
    change(world, WAY)
    change(world, OVER)
    assert rows(world) == []
    assert look(world, OVER) == Live(ADDRESS, {"domains": ()}, DOMAIN)
    assert world.see("connector", DOMAIN) == ABSENT, "nobody describes it any more"


@pytest.mark.parametrize("hosts", [{}, {HOST: {"contact@spf51.org"}}])
def test_an_old_host_that_does_not_take_the_message_holds_the_switch_back_until_it_does(
    world: World, hosts: dict[str, set[str]]
) -> None:
    world.hosts = hosts
    with pytest.raises(Problem, match="did not take Exchange's message") as told:
        change(world, WAY)
    assert told.value.code == "FLOW01"
    seen = look(world, WAY)
    assert (seen.fields["domains"], seen.fields["proved_by"]) == (WAY["domains"], ()), "so the next plan tries again"
    world.hosts = {HOST: {BOX}}
    change(world, WAY)


@pytest.mark.parametrize(
    "damage",
    [
        {"Enabled": False},
        {"TestMode": True},
        {"SmartHosts": [], "UseMXRecord": True},
        {"SmartHosts": ["old.example"]},
        {"TlsSettings": None},
        {"RecipientDomains": [DOMAIN]},
    ],
)
def test_what_somebody_changed_by_hand_is_drift_and_mended(world: World, damage: dict[str, Any]) -> None:
    change(world, WAY)
    rows(world)[0].update(damage)
    seen = look(world, WAY)
    assert any(seen.fields[name] != WAY[name] for name in WAY)
    change(world, WAY)


def test_a_federation_that_names_another_old_host_leaves_the_connector_of_the_former(world: World) -> None:
    change(world, WAY)
    world.hosts["mx.other.example"] = {BOX}
    change(world, {**WAY, "server": "other", "host": "mx.other.example"})
    assert [row["Name"] for row in rows(world)] == ["reconcile other"]


@pytest.mark.parametrize(
    "cmdlet",
    ["New-OutboundConnector", "Validate-OutboundConnector", "Set-OutboundConnector", "Remove-OutboundConnector"],
)
@pytest.mark.parametrize("kind", ["drop_answer", "late_error", "busy"])
def test_a_lost_answer_is_settled_by_looking(world: World, cmdlet: str, kind: str) -> None:
    neighbour(world)
    if cmdlet in ("New-OutboundConnector", "Remove-OutboundConnector"):
        rows(world).clear()
    if cmdlet == "Remove-OutboundConnector":
        change(world, WAY)
    world.fault(kind, f'"{cmdlet}"')
    change(world, OVER if cmdlet == "Remove-OutboundConnector" else WAY)
    assert len(rows(world)) == (cmdlet != "Remove-OutboundConnector")


def test_connectors_that_are_not_ours_are_left_alone_and_told_when_they_take_a_domain(world: World) -> None:
    strangers = [
        {"Name": "ancien", "RecipientDomains": ["*"], "UseMXRecord": True},
        {"Name": "relais", "RecipientDomains": [DOMAIN], "SmartHosts": ["a.example"], "UseMXRecord": False},
        {"Name": "ailleurs", "RecipientDomains": ["*.example"]},
        {"Name": "eteint", "RecipientDomains": ["*"], "Enabled": False},
        {"Name": "regle", "RecipientDomains": ["*"], "IsTransportRuleScoped": True},
    ]
    rows(world).extend(strangers)
    change(world, WAY)
    assert rows(world)[:5] == strangers
    box = Address(SLUG, "mailbox", f"zoe@{DOMAIN}")
    wanted = Wanted(box, Desired(box, {"licence": "E1"}))
    findings = world.provider.reader.observe(Scope([wanted], {DOMAIN: SLUG})).findings
    assert [one.sentence for one in findings] == [
        f"the outbound connector ancien takes {DOMAIN} by a wildcard wherever no other names it",
        f"the outbound connector relais names {DOMAIN} too: mail may take either way",
    ]
