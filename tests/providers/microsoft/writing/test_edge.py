"""A domain refuses unknown addresses only once its edge takes mail for the known ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.providers.microsoft.world import DOMAIN, SLUG, Build, World

from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.writing.domain.edge import MOST, youngest
from reconcile.resources.address import Address
from reconcile.sandbox.smtp.exchange import ExchangeSmtp
from reconcile.sandbox.smtp.internet import Internet

YOUNGEST = f"zoe@{DOMAIN}"
FLOW = Address(SLUG, "mail_flow", DOMAIN)
Ready = Callable[..., tuple[World, ExchangeSmtp]]


@pytest.fixture
def ready(build: Build) -> Iterator[Ready]:
    """A tenant with mailboxes whose SMTP can be asked; ``switches`` as for the sandbox's tenant."""
    running: list[ExchangeSmtp] = []

    def one(**switches: Any) -> tuple[World, ExchangeSmtp]:
        world = build()
        world.add_domain()
        content = world.server.world
        with content.lock:
            for name in ("anne", "zoe"):
                user = content.add_user({"userPrincipalName": f"{name}@{DOMAIN}", "displayName": name})
                content.add_mailbox(user, name, name, [f"SMTP:{name}@{DOMAIN}"], shared=False)
        smtp = ExchangeSmtp(content, Internet(lambda _name, _type: ()), lambda: 0)
        smtp.start()
        running.append(smtp)
        world.control("behaviour", {"switches": switches})
        world.settings = world.settings.model_copy(
            update={"tenant": world.settings.tenant.model_copy(update={"edge": f"127.0.0.1:{smtp.listener.port}"})}
        )
        world.new_run()
        return world, smtp

    yield one
    for smtp in running:
        smtp.stop()


def authoritative(world: World) -> None:
    shown = world.live("mail_flow", DOMAIN)
    fields: dict[str, Any] = {"type": "Authoritative"}
    world.provider.writer.update(Order(FLOW, shown, fields, frozenset(fields)))


def type_of(world: World) -> str | None:
    return world.server.world.domains[DOMAIN].accepted_as


def test_an_edge_that_knows_everybody_is_asked_once(ready: Ready) -> None:
    world, _ = ready()
    authoritative(world)
    assert type_of(world) == "Authoritative"


def test_a_stuck_edge_is_cured_by_one_toggle(ready: Ready) -> None:
    world, smtp = ready(edge_stuck="on")
    authoritative(world)
    assert type_of(world) == "Authoritative"
    assert smtp.asked("198.51.100.7", "", YOUNGEST) == ""


def test_an_edge_that_stays_stuck_leaves_the_domain_a_relay_and_names_who_is_refused(ready: Ready) -> None:
    world, _ = ready()
    with world.server.world.lock:
        world.server.world.known_since.pop(YOUNGEST)
    with pytest.raises(Problem, match=YOUNGEST) as told:
        authoritative(world)
    assert told.value.code == "FLOW03"
    assert type_of(world) == "InternalRelay"


def test_an_edge_nobody_can_ask_leaves_the_domain_a_relay(ready: Ready) -> None:
    world, smtp = ready()
    smtp.stop()
    with pytest.raises(Problem, match="cannot be asked") as told:
        authoritative(world)
    assert told.value.code == "FLOW04"
    assert type_of(world) == "InternalRelay"


def test_the_youngest_mailbox_and_aliases_come_first_and_others_domains_never(ready: Ready) -> None:
    world, _ = ready()
    content = world.server.world
    with content.lock:
        user = content.user_named(f"anne@{DOMAIN}")
        assert user is not None
        names = [f"smtp:alias{number}@{DOMAIN}" for number in range(40)]
        content.set_addresses(user.id, [f"SMTP:anne@{DOMAIN}", *names, "smtp:anne@national.example"])
    found = youngest(world.provider.patient._by_kind["mail_flow"].writer._exchange, DOMAIN)  # type: ignore[attr-defined]
    assert len(found) == MOST
    assert all(one.endswith(f"@{DOMAIN}") for one in found)
    assert YOUNGEST in found
