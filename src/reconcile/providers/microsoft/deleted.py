"""Deleted accounts, kept by the tenant for thirty days with their mail: ours come back, others' are left alone."""

from __future__ import annotations

import threading

from reconcile.problem import Problem
from reconcile.providers.microsoft.graph import segment
from reconcile.providers.microsoft.records import USER_SELECT, User, smtp_addresses, stamp, user
from reconcile.providers.microsoft.surfaces import Surfaces
from reconcile.resources.address import Address


class DeletedAccounts:
    """Read once a run, whatever the number of creations. Thread-safe."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._graph = surfaces.graph
        self._lock = threading.Lock()
        self._known: list[User] | None = None

    def restore(self, address: Address) -> str | None:
        """Bring the account that had this address back and answer its id; None when none was deleted.

        Raises ``Problem`` M365-27 when it was not ours: its mail may be another person's.
        """
        found = next((one for one in self._all() if _former_name(one) == address.key), None)
        if found is None:
            return None
        if found.stamp != stamp(address):
            raise Problem(
                "M365-27",
                f"{address.key}: a deleted account had this address and the tenant still keeps its mail.",
                "restore it or delete it for good in the admin centre, then make a new plan",
            )
        self._graph.act(f"/directory/deletedItems/{segment(found.id)}/restore", {})
        self.changed()
        return found.id

    def holder(self, address: str) -> str | None:
        """A deleted account that still has this address, in words; None when there is none."""
        for one in self._all():
            if address in {_former_name(one)} | smtp_addresses(one.proxies):
                return f"the deleted account {_former_name(one)}"
        return None

    def changed(self) -> None:
        """Something was deleted or restored: what was read is no longer true."""
        with self._lock:
            self._known = None

    def _all(self) -> list[User]:
        with self._lock:
            if self._known is None:
                rows = self._graph.rows("/directory/deletedItems/microsoft.graph.user", USER_SELECT, top=999)
                self._known = [user(row) for row in rows]
            return self._known


def _former_name(deleted: User) -> str:
    """A deleted account's sign-in name has its object id, without dashes, put before it (Graph: deletedItems)."""
    return deleted.upn.removeprefix(deleted.id.replace("-", "").lower())
