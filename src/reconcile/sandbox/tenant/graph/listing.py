"""Collections as Graph answers them: filtered, selected, cut into pages."""

from __future__ import annotations

import base64
import contextlib
import urllib.parse
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from reconcile.sandbox.tenant.behaviour.chance import Chance
from reconcile.sandbox.tenant.behaviour.profiles import Profile
from reconcile.sandbox.tenant.graph.entity import Entity
from reconcile.sandbox.tenant.graph.filter import parse_filter
from reconcile.sandbox.tenant.graph.refusal import GraphRefusal, bad_request
from reconcile.sandbox.tenant.https.web import Answer, Request

_DEFAULT_PAGE = 100
_LARGEST_PAGE = 999
_SHARE_OF_EMPTY_PAGES = 0.2


class Pages:
    """Makes answers of objects. ``site`` is the server's address."""

    def __init__(self, site: str, profile: Callable[[], Profile], chance: Chance) -> None:
        self.site = site
        self._profile = profile
        self._chance = chance

    def listing(self, request: Request, entity: Entity, objects: Iterable[Mapping[str, Any]], context: str) -> Answer:
        """One page of ``objects``. A next link carries the whole query again and must be used as it is."""
        query = request.query
        eventual = is_eventual(request)
        counted = query.get("$count") == "true"
        if "$filter" in query:
            test = parse_filter(query["$filter"], entity, advanced=eventual and counted)
            objects = [values for values in objects if test(values)]
        rows = list(objects)
        start = _skipped(query, rows)
        end = start + min(_page_size(query), self._profile().graph_page)
        if self._chance.empties(_SHARE_OF_EMPTY_PAGES):
            end = start
        body: dict[str, Any] = {"@odata.context": self._context(context, query)}
        if counted and eventual:
            body["@odata.count"] = len(rows)
        if end < len(rows):
            token = base64.urlsafe_b64encode(str(rows[end - 1]["id"] if end else "").encode()).decode()
            target = urllib.parse.urlencode({**query, "$skiptoken": token}, safe="$,")
            body["@odata.nextLink"] = f"{self.site}{request.path}?{target}"
        body["value"] = [entity.render(values, query.get("$select")) for values in rows[start:end]]
        return Answer(200, body)

    def single(
        self, request: Request, entity: Entity, values: Mapping[str, Any], context: str, status: int = 200
    ) -> Answer:
        """One object; shows its default properties unless some were selected."""
        heading = f"{self._context(context, request.query)}/$entity"
        return Answer(status, {"@odata.context": heading, **entity.render(values, request.query.get("$select"))})

    def _context(self, context: str, query: Mapping[str, str]) -> str:
        selected = f"({query['$select']})" if query.get("$select") else ""
        return f"{self.site}/v1.0/$metadata#{context}{selected}"


def is_eventual(request: Request) -> bool:
    """Whether the request is for the index behind advanced queries."""
    return request.headers.get("consistencylevel", "").lower() == "eventual"


def _page_size(query: Mapping[str, str]) -> int:
    text = query.get("$top", str(_DEFAULT_PAGE))
    if not text.isdigit() or not 1 <= int(text) <= _LARGEST_PAGE:
        raise bad_request(f"Invalid page size specified: '{text}'. Must be between 1 and {_LARGEST_PAGE} inclusive.")
    return int(text)


def _skipped(query: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> int:
    """Where the page starts: after the object its token names."""
    if "$skiptoken" not in query:
        return 0
    with contextlib.suppress(ValueError, StopIteration):
        last = base64.urlsafe_b64decode(query["$skiptoken"]).decode()
        if not last:
            return 0
        return next(place + 1 for place, values in enumerate(rows) if values["id"] == last)
    # A short list would look like deletions.
    raise GraphRefusal(400, "Directory_ExpiredPageToken", "The specified page token value has expired.")
