"""Which unknown addresses were written to: every row of message trace once, whatever its windows and rounds."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.providers.microsoft.world import DOMAIN, World

from reconcile.problem import Problem
from reconcile.providers.microsoft.reading import relayed as module
from reconcile.providers.microsoft.reading.relayed import Relayed, relayed
from reconcile.providers.microsoft.wire.connection import connect
from reconcile.providers.microsoft.wire.transport import Transport


def traced(world: World, now: dt.datetime, *rows: tuple[str, float, str]) -> None:
    """``rows``: recipient, hours ago, status."""
    there = world.server.world
    for number, (recipient, hours, status) in enumerate(rows, len(there.trace)):
        there.trace.append(
            {
                "Received": now - dt.timedelta(hours=hours),
                "SenderAddress": f"s{number}@orange.example",
                "RecipientAddress": recipient,
                "Subject": "",
                "MessageId": f"<{number}>",
                "MessageTraceId": str(number),
                "Status": status,
                "FromIP": "",
                "ToIP": "",
            }
        )


def found(world: World, now: dt.datetime, days: float) -> tuple[Relayed, ...]:
    sender = Transport(world.clock, lambda: 0.5, world.settings.tenant.ca_file)
    graph, exchange = connect(world.settings.tenant, world.server.client_secret, sender, world.clock)
    return relayed(graph, exchange, world.settings, {DOMAIN: now - dt.timedelta(days=days)}, now)


def test_unknown_addresses_of_the_domain_since_its_switch_most_written_first(world: World) -> None:
    now = world.clock.now()
    with world.server.world.lock:
        user = world.server.world.add_user({"userPrincipalName": f"anne@{DOMAIN}", "displayName": "Anne"})
        world.server.world.add_mailbox(user, "anne", "anne", [f"SMTP:anne@{DOMAIN}", f"smtp:a@{DOMAIN}"], shared=False)
    traced(
        world,
        now,
        (f"oubliee@{DOMAIN}", 1, "Delivered"),
        (f"bureau@{DOMAIN}", 2, "Delivered"),
        (f"bureau@{DOMAIN}", 30, "Failed"),
        (f"bureau@{DOMAIN}", 24 * 3, "Delivered"),
        (f"anne@{DOMAIN}", 1, "Delivered"),
        (f"a@{DOMAIN}", 1, "Delivered"),
        ("lou@national.example", 1, "Delivered"),
    )
    assert found(world, now, 2) == (
        Relayed(f"bureau@{DOMAIN}", 2, 1, now - dt.timedelta(hours=2), "s1@orange.example"),
        Relayed(f"oubliee@{DOMAIN}", 1, 0, now - dt.timedelta(hours=1), "s0@orange.example"),
    )


def test_windows_and_rounds_lose_nothing_and_count_nothing_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROUND", 7)
    now = world.clock.now()
    rows = [(f"a{number % 5}@{DOMAIN}", float(number // 3 * 11), "Delivered") for number in range(100)]
    traced(world, now, *rows)
    assert sum(one.messages for one in found(world, now, 80)) == 100


def test_more_rows_at_one_moment_than_a_round_holds_are_told_rather_than_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROUND", 3)
    now = world.clock.now()
    traced(world, now, *[(f"a@{DOMAIN}", 1.0, "Delivered")] * 9)
    with pytest.raises(Problem, match="cut short"):
        found(world, now, 1)


def test_nothing_is_asked_when_nobody_was_switched(world: World) -> None:
    sender = Transport(world.clock, lambda: 0.5, world.settings.tenant.ca_file)
    graph, exchange = connect(world.settings.tenant, "wrong", sender, world.clock)
    assert relayed(graph, exchange, world.settings, {}, world.clock.now()) == ()
