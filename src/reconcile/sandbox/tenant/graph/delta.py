"""Changes of users since a moment: /users/delta."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from reconcile.sandbox.tenant.graph.refusal import GraphRefusal
from reconcile.sandbox.tenant.graph.schema import USER
from reconcile.sandbox.tenant.graph.users import Users
from reconcile.sandbox.tenant.https.web import Answer, Request
from reconcile.sandbox.tenant.world.world import World

#: Delta links of directory objects live seven days (Graph's delta query overview).
_LIFETIME = dt.timedelta(days=7)
_PAGE = 200


@dataclasses.dataclass(frozen=True, slots=True)
class _Round:
    """One round of questions: what was seen when it began, and what differed from the round before.

    ``deleted``: who was reported as deleted and can still be restored.
    """

    select: str
    began: dt.datetime
    seen: Mapping[str, Mapping[str, Any]]
    deleted: frozenset[str]
    rows: list[dict[str, Any]]


class UserChanges:
    """Each delta link stands for what was seen when its round began. Only the selected properties are watched."""

    def __init__(self, site: str, world: World, users: Users) -> None:
        self._site = site
        self._world = world
        self._users = users
        self._rounds: list[_Round] = []

    def page(self, request: Request) -> Answer:
        query = request.query
        if "$skiptoken" in query:
            number, _, start = query["$skiptoken"].partition(".")
            return self._answer(self._round(number), int(start or 0))
        minimal = "return=minimal" in request.headers.get("prefer", "")
        match query.get("$deltatoken"):
            case None | "":
                current = self._begin(_nothing_seen(query.get("$select", "")), minimal=False)
            case "latest":
                current = self._begin(_nothing_seen(query.get("$select", "")), minimal=False)
                current = dataclasses.replace(current, rows=[])
            case number:
                current = self._begin(self._round(number), minimal=minimal)
        self._rounds.append(current)
        return self._answer(current, 0)

    def _begin(self, before: _Round, *, minimal: bool) -> _Round:
        world = self._world
        seen = {user.id: USER.render(self._users.shown(user), before.select) for user in world.users.values()}
        rows = [
            _row(before.seen.get(key, {}), row, minimal) for key, row in seen.items() if before.seen.get(key) != row
        ]
        missing = {key for key in before.seen if key not in seen}
        deleted = frozenset(key for key in missing | before.deleted if key in world.deleted)
        purged = sorted((missing | before.deleted) - deleted - seen.keys())
        rows += [_removed(key, "changed") for key in sorted(deleted - before.deleted)]
        rows += [_removed(key, "deleted") for key in purged]
        return _Round(before.select, world.clock.now(), seen, deleted, rows)

    def _round(self, number: str) -> _Round:
        known = self._rounds[int(number)] if number.isdigit() and int(number) < len(self._rounds) else None
        if known is None or known.began + _LIFETIME < self._world.clock.now():
            raise GraphRefusal(
                410,
                "syncStateNotFound",
                "The token is unknown or has expired; start again without it.",
                headers={"Location": f"{self._site}/v1.0/users/delta()?$deltatoken="},
            )
        return known

    def _answer(self, current: _Round, start: int) -> Answer:
        number, end = next(n for n, each in enumerate(self._rounds) if each is current), start + _PAGE
        more = end < len(current.rows)
        link = f"$skiptoken={number}.{end}" if more else f"$deltatoken={number}"
        return Answer(
            200,
            {
                "@odata.context": f"{self._site}/v1.0/$metadata#users/$delta",
                "@odata.nextLink" if more else "@odata.deltaLink": f"{self._site}/v1.0/users/delta()?{link}",
                "value": current.rows[start:end],
            },
        )


def _nothing_seen(select: str) -> _Round:
    return _Round(select, dt.datetime.min.replace(tzinfo=dt.UTC), {}, frozenset(), [])


def _row(before: Mapping[str, Any], now: Mapping[str, Any], minimal: bool) -> dict[str, Any]:
    """What a changed object shows: all that is selected, but nothing of what was never set; or only what changed."""
    return {
        name: value
        for name, value in now.items()
        if name == "id" or (before.get(name) != value if minimal else value is not None or before.get(name) is not None)
    }


def _removed(key: str, reason: str) -> dict[str, Any]:
    return {"id": key, "@removed": {"reason": reason}}
