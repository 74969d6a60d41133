"""Whatever passes from one mailbox to another, nobody waits in a circle."""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planning.diff.test_diff_cases import plan_of

PEOPLE = [f"{name}@spf55.org" for name in ("anne", "boris", "chloe")]
OFFICES = ["contact@spf55.org", "mairie@spf55.org"]
ALIASES = [f"alias{number}@spf55.org" for number in range(3)]


@st.composite
def sides(draw: st.DrawFn) -> dict[str, dict[str, Any]]:
    """Mailboxes with their aliases, each alias held once, and who opens the offices: a world, or what YAML asks."""
    people = draw(st.lists(st.sampled_from(PEOPLE), unique=True, min_size=1))
    boxes = [*people, *draw(st.lists(st.sampled_from(OFFICES), unique=True))]
    # Somebody's address may be another's alias once they are gone.
    loose = [name for name in (*ALIASES, *PEOPLE) if name not in boxes]
    holders = {alias: draw(st.sampled_from(["", *boxes])) for alias in loose}
    side: dict[str, dict[str, Any]] = {}
    for box in boxes:
        needs = []
        if box in OFFICES:
            opened = draw(st.lists(st.sampled_from(people), unique=True))
            needs = [f"spf55/mailbox/{one}" for one in (box, *opened)]
            side[f"spf55/access/{box}"] = {
                "fields": {"full_access": sorted(opened)},
                "after": needs,
                "id": f"guid {box}",
            }
        aliases = sorted(alias for alias, holder in holders.items() if holder == box)
        side[f"spf55/mailbox/{box}"] = {"fields": {"primary": box, "aliases": aliases}, "id": f"id {box}"}
    return side


@settings(max_examples=400, deadline=None)
@given(live=sides(), desired=sides(), data=st.data())
def test_no_plan_waits_in_a_circle(
    live: dict[str, dict[str, Any]], desired: dict[str, dict[str, Any]], data: st.DataObject
) -> None:
    gone = [name for name in live if name.startswith("spf55/mailbox") and name not in desired]
    seen = dict(live)
    for name, wish in desired.items():
        if gone and name.startswith("spf55/mailbox") and name not in live and data.draw(st.booleans()):
            wish["formerly"] = gone.pop()
            seen[name] = seen.pop(wish["formerly"])
    plan = plan_of({"desired": desired, "live": seen, "recorded": live})
    graph = {change.address: change.after for change in plan.changes}
    assert len(list(TopologicalSorter(graph).static_order())) == len(graph)
