"""Waiting for Exchange to provision the mailbox of a licensed user."""

from __future__ import annotations

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.base import Order
from reconcile.providers.microsoft.reading.records import User
from reconcile.providers.microsoft.wire.paths import segment
from reconcile.providers.microsoft.writing.in_steps import until
from reconcile.providers.microsoft.writing.services import Surfaces
from reconcile.steps import Steps

#: Seconds between two looks at what keeps a mailbox away, and how many there are: an hour in all. A mailbox takes
#: minutes as a rule; Microsoft's support looks at one that has not come after a day.
STAGE = 900.0
STAGES = 4


class ProvisioningWait:
    def __init__(self, surfaces: Surfaces) -> None:
        self._surfaces = surfaces

    def wait(self, order: Order, user: User) -> Steps[float | None]:
        """Return once the account has its mailbox, with the moment since which it was seen. Raises ``Problem`` M365-14
        with what keeps it away."""
        watch, why = self._surfaces.watch, ""

        def seen(since: float | None) -> tuple[float | None] | None:
            return (since,) if watch.box(user.id, since) else None

        for _ in range(STAGES):
            found = yield from until(self._surfaces.clock, seen, STAGE, pause=30.0)
            if found is not None:
                return found[0]
            if why := self._obstacle(user):
                break
        raise Problem(
            "M365-14",
            Phrase(
                "{key}: licensed and still without a mailbox; {why}.",
                key=order.address.key,
                why=why or "no reason is shown",
            ),
            "resolve that, then apply again" if why else "apply again later; after 24 hours ask Microsoft's support",
        )

    def _obstacle(self, user: User) -> str:
        """What waiting will not resolve, "" when nothing is found."""
        select = ("id", "assignedPlans", "serviceProvisioningErrors")
        row = self._surfaces.graph.one(f"/users/{segment(user.id)}", select) or {}
        if any(not error.get("isResolved") for error in row.get("serviceProvisioningErrors") or []):
            return "the tenant reports a provisioning error, as a rule an address that another object holds"
        if not any(plan.get("service") == "exchange" for plan in row.get("assignedPlans") or []):
            return "its licence brings no Exchange plan"
        return ""
