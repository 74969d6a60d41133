"""Whatever happened before, applying what YAML asks ends in a world that is as YAML asks, without a second object."""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.applying.memory import Killed, Site, World, mailbox

from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live
from reconcile.state.journal.replay import replay
from reconcile.state.snapshot.snapshot import Snapshot

NAMES = [f"{name}@spf55.org" for name in ("anne", "boris", "chloe", "driss", "emma")]
ALIASES = [f"alias{number}@spf55.org" for number in range(4)]


@st.composite
def wishes(draw: st.DrawFn) -> list[Desired]:
    """What YAML may ask: some boxes, their licences, aliases each held once, some that wait for others."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True))
    holders = {alias: draw(st.sampled_from([*names, ""])) for alias in ALIASES}
    wanted = []
    gone = draw(st.permutations([name for name in NAMES if name not in names]))
    for place, name in enumerate(names):
        # Some are said to have had the name of somebody who is in the file no more.
        former = Address("spf55", "mailbox", gone.pop()) if gone and draw(st.booleans()) else None
        needs = draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else []
        aliases = tuple(alias for alias, holder in holders.items() if holder == name)
        box = mailbox(
            name,
            primary=name,
            licence=draw(st.sampled_from(["E1", "E3"])),
            aliases=aliases,
            after=[f"spf55/mailbox/{need}" for need in needs],
        )
        wanted.append(dataclasses.replace(box, formerly=former))
    return wanted


@st.composite
def hands(draw: st.DrawFn) -> list[tuple[str, str]]:
    """What people do by hand before an apply: change a licence, delete a box, make one that YAML may ask for later."""
    deeds = st.tuples(st.sampled_from(["relicense", "delete", "create"]), st.sampled_from([*NAMES, "other@spf55.org"]))
    return draw(st.lists(deeds, max_size=4))


@st.composite
def accidents(draw: st.DrawFn) -> dict[int, str]:
    """At which writes of a run something goes wrong, and what."""
    kinds = st.sampled_from(["refused", "killed before", "killed after", "lost answer"])
    return draw(st.dictionaries(st.integers(0, 6), kinds, max_size=2))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(wishes(), hands(), accidents()), min_size=1, max_size=4))
def test_any_history_converges(history: list[tuple[list[Desired], list[tuple[str, str]], dict[int, str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        site = Site(Path(folder), World())
        unconfirmed: set[Address] = set()
        for wanted, deeds, mishaps in history:
            by_hand(site.world, deeds)
            elsewhere = {address: live for address, live in site.world.objects.items() if address.federation != "spf55"}
            strike(site.world, mishaps, unconfirmed)
            with contextlib.suppress(Killed):
                site.apply(site.plan(wanted))
            site.world.before_write = site.world.after_write = lambda order: None
            assert elsewhere == {
                address: live for address, live in site.world.objects.items() if address.federation != "spf55"
            }
        wanted = history[-1][0]
        described = {resource.address for resource in wanted}
        by_others = {address for address, live in site.world.objects.items() if live.identity.startswith("by hand")}
        once_ours = {resource.address for chapter, _, _ in history for resource in chapter}
        once_ours |= {resource.formerly for chapter, _, _ in history for resource in chapter if resource.formerly}
        theirs = by_others - once_ours
        # Once more without accidents; twice when two boxes had to swap an address.
        for _ in range(2):
            run = site.apply(site.plan(wanted))
            assert not [outcome for outcome in run.outcomes if outcome.problem]
        final = site.plan(wanted)
        assert final.empty, final.changes
        for resource in wanted:
            live = site.world.objects[resource.address]
            assert live.fields["licence"] == resource.fields["licence"]
            assert live.fields["aliases"] == resource.fields["aliases"]
        # What somebody made by hand and YAML never described is still there. What we made without ever learning that
        # we had, and YAML then dropped, is left alone too: it is not known to be ours.
        extra = {address for address in site.world.objects if address.federation == "spf55"} - described
        assert extra <= by_others | unconfirmed
        assert theirs <= set(site.world.objects)
        # What a killed run confirmed may still stand in its journal alone, when nothing was left to do after it.
        snapshot, _ = replay(site.store.read("spf55") or Snapshot("spf55", "line"), site.folder / "runs")
        assert set(snapshot.records) == described


def by_hand(world: World, deeds: list[tuple[str, str]]) -> None:
    for deed, name in deeds:
        address = Address("spf55", "mailbox", name)
        live = world.objects.get(address)
        if deed == "delete" and name != "other@spf55.org":
            world.objects.pop(address, None)
        elif deed == "relicense" and live is not None:
            world.objects[address] = Live(address, {**live.fields, "licence": "E5"}, live.identity)
        elif deed == "create" and live is None:
            world.objects[address] = Live(address, {"licence": "E3", "aliases": ()}, f"by hand {next(world.numbers)}")
            stranger = Address("spf88", "mailbox", name.replace("spf55", "spf88"))
            world.objects.setdefault(stranger, Live(stranger, {"licence": "E1", "aliases": ()}, f"beyond {name}"))


def strike(world: World, mishaps: dict[int, str], unconfirmed: set[Address]) -> None:
    count = iter(range(1000))

    def before(order: Order) -> None:
        number = next(count)
        what = mishaps.get(number)
        world.after_write = lambda order: None
        if what == "refused":
            raise Problem("TST01", "refused")
        if what == "killed before":
            raise Killed
        if what == "killed after":
            world.after_write = die
        if what == "lost answer":
            world.after_write = lose

    def die(order: Order) -> None:
        unconfirmed.add(order.address)
        raise Killed

    def lose(order: Order) -> None:
        unconfirmed.add(order.address)
        raise Problem("TST02", "the answer was lost")

    world.before_write = before
