"""A copy belongs to one mailbox: the same address made anew is another mailbox, and its mail is copied again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from reconcile.planning.inputs import Inputs
from reconcile.planning.plan.plan import Action, Basis, Plan
from reconcile.planning.planner import make_plan
from reconcile.providers.base import ABSENT, Observation, Observed, Scope
from reconcile.resources.address import Address
from reconcile.resources.resource import IDENTITY, Desired, Live, Reference, Value
from reconcile.state.snapshot.snapshot import Record, Snapshot

NOW = dt.datetime(2025, 1, 19, 17, 0, tzinfo=dt.UTC)
WHEN = "2025-01-19T17:00:00+00:00"
BOX = Address("spf55", "mailbox", "contact@spf55.org")
COPY = Address("spf55", "copy", "contact@spf55.org")
ENDS: dict[str, Value] = {
    "source": "mutualise",
    "login": "k0412",
    "destination": "contact@spf55.org",
    "folder": "",
}
DESIRED = (
    Desired(BOX, {"licence": "shared"}),
    Desired(COPY, {**ENDS, "mailbox": Reference(BOX, IDENTITY)}, (BOX,)),
)


class Reader:
    def __init__(self, observed: Mapping[Address, Observed]) -> None:
        self._observed = observed

    def observe(self, scope: Scope) -> Observation:
        return Observation({one.address: self._observed[one.address] for one in scope.wanted})


def plan(box: Observed, recorded: str | None) -> Plan:
    """What is planned for a mailbox as found, when its copy was queued for the mailbox of that id."""
    remembered = {**ENDS, "mailbox": recorded} if recorded else ENDS
    records = {
        BOX: Record(BOX, "id-1", {"licence": "shared"}, "run", "run", WHEN),
        COPY: Record(COPY, "", remembered, "run", "run", WHEN),
    }
    inputs = Inputs(
        desired=DESIRED,
        snapshots={"spf55": Snapshot("spf55", "line", 3, records)},
        interrupted=frozenset(),
        domains={"spf55.org": "spf55"},
        basis={"spf55": Basis("Meuse", "digest", "line", 3, 1)},
        partial=False,
        owners={"spf55.org": "spf55"},
    )
    readers = {"microsoft": Reader({BOX: box}), "copies": Reader({COPY: Live(COPY, ENDS, context={"state": "done"})})}
    return make_plan(inputs, readers, NOW, "test")


def actions(made: Plan) -> dict[Address, Action]:
    return {change.address: change.action for change in made.changes}


def test_a_mailbox_that_stayed_is_not_copied_again() -> None:
    assert actions(plan(Live(BOX, {"licence": "shared"}, "id-1", owner="spf55"), "id-1")) == {}


def test_a_mailbox_somebody_made_anew_is_copied_again() -> None:
    assert actions(plan(Live(BOX, {"licence": "shared"}, "id-2", owner="spf55"), "id-1"))[COPY] is Action.UPDATE


def test_a_mailbox_the_plan_makes_anew_is_copied_again_once_it_is_there() -> None:
    made = plan(ABSENT, "id-1")
    assert actions(made) == {BOX: Action.CREATE, COPY: Action.UPDATE}
    assert [change.address for change in made.changes] == [BOX, COPY]


def test_a_copy_queued_before_mailboxes_were_recorded_is_left_as_it_is() -> None:
    assert actions(plan(Live(BOX, {"licence": "shared"}, "id-1", owner="spf55"), None)) == {}
