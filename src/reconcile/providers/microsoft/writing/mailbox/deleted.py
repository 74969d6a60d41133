"""Deleted accounts, kept by the tenant for thirty days with their mail: ours come back, others' are left alone."""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.microsoft.reading.address_holders import former_name
from reconcile.providers.microsoft.reading.records import USER_SELECT, Row, User, smtp_addresses, stamp, user
from reconcile.providers.microsoft.wire.paths import segment
from reconcile.providers.microsoft.writing.services import Surfaces
from reconcile.resources.address import Address

#: Seconds an address that was given up may stay reserved: about an hour (Microsoft, "Proxy address conflict when adding
#: an email address").
RELEASE_TIMEOUT = 4500.0


@dataclasses.dataclass(frozen=True, slots=True)
class _Deleted:
    user: User
    when: dt.datetime


class DeletedAccounts:
    """Read once a run, whatever the number of creations. Thread-safe."""

    def __init__(self, surfaces: Surfaces) -> None:
        self._graph = surfaces.graph
        self._clock = surfaces.clock
        self._lock = threading.Lock()
        self._known: list[_Deleted] | None = None

    def restore(self, address: Address) -> str | None:
        """Bring the account that had this address back and answer its id; None when none was deleted.

        Raises ``Problem`` M365-27 when it was not ours: its mail may be another person's.
        """
        found = next((one.user for one in self._all() if former_name(one.user) == address.key), None)
        if found is None:
            return None
        if found.stamp != stamp(address):
            raise Problem(
                "M365-27",
                Phrase(
                    "{key}: a deleted account had this address and the tenant still keeps its mail.", key=address.key
                ),
                "restore it or delete it for good in the admin centre, then make a new plan",
            )
        self._graph.act(f"/directory/deletedItems/{segment(found.id)}/restore", {})
        self.changed()
        return found.id

    def holder(self, address: str) -> str | None:
        """A description of the deleted account that still has this address; None when there is none, or when it was
        deleted so recently that the address is about to be free."""
        for one in self._all():
            name = former_name(one.user)
            if address in {name} | smtp_addresses(one.user.proxies):
                releasing = one.when + dt.timedelta(seconds=RELEASE_TIMEOUT) > self._clock.now()
                return None if releasing else Phrase("the deleted account {name}", name=name)
        return None

    def changed(self) -> None:
        """Something was deleted or restored: what was read is no longer true."""
        with self._lock:
            self._known = None

    def _all(self) -> list[_Deleted]:
        with self._lock:
            if self._known is None:
                rows = self._graph.rows(
                    "/directory/deletedItems/microsoft.graph.user", (*USER_SELECT, "deletedDateTime"), top=999
                )
                self._known = [_Deleted(user(row), _moment(row)) for row in rows]
            return self._known


def _moment(row: Row) -> dt.datetime:
    """When it was deleted; long ago when no date is given."""
    deleted = row.get("deletedDateTime")
    return dt.datetime.fromisoformat(str(deleted)) if deleted else dt.datetime.min.replace(tzinfo=dt.UTC)
