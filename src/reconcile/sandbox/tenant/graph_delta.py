"""Changes of users since a moment: /users/delta."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from reconcile.sandbox.tenant.graph_refusal import GraphRefusal
from reconcile.sandbox.tenant.graph_surface import USER
from reconcile.sandbox.tenant.graph_users import Users
from reconcile.sandbox.tenant.web import Answer, Request
from reconcile.sandbox.tenant.world import World

#: Delta links of directory objects live seven days (Graph's delta query overview).
_LIFETIME = dt.timedelta(days=7)
_PAGE = 200


@dataclasses.dataclass(frozen=True, slots=True)
class _Round:
    """One round of questions: what was seen when it began, and what differed from the round before."""

    select: str
    began: dt.datetime
    sight: Mapping[str, Mapping[str, Any]]
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
        match query.get("$deltatoken"):
            case None:
                current = self._begin(query.get("$select", ""), {})
            case "latest":
                current = dataclasses.replace(self._begin(query.get("$select", ""), {}), rows=[])
            case number:
                before = self._round(number)
                current = self._begin(before.select, before.sight)
        self._rounds.append(current)
        return self._answer(current, 0)

    def _begin(self, select: str, seen: Mapping[str, Mapping[str, Any]]) -> _Round:
        sight = {user.id: USER.render(self._users.shown(user), select) for user in self._world.users.values()}
        changed = [row for key, row in sight.items() if seen.get(key) != row]
        gone = [
            {"id": key, "@removed": {"reason": "changed" if key in self._world.deleted else "deleted"}}
            for key in seen
            if key not in sight
        ]
        return _Round(select, self._world.clock.now(), sight, changed + gone)

    def _round(self, number: str) -> _Round:
        known = self._rounds[int(number)] if number.isdigit() and int(number) < len(self._rounds) else None
        if known is None or known.began + _LIFETIME < self._world.clock.now():
            raise GraphRefusal(410, "syncStateNotFound", "The token is unknown or has expired; start again without it.")
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
