"""Microsoft Graph v1.0: the only module that knows its wire format."""

from __future__ import annotations

import base64
import itertools
import threading
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.microsoft.wire.concurrent import side_by_side
from reconcile.providers.microsoft.wire.message import Reply, Request, Service, Verdict, by_status
from reconcile.providers.microsoft.wire.pacing import Quota
from reconcile.providers.microsoft.wire.paging import BARREN_PAGES, check_length, is_table
from reconcile.providers.microsoft.wire.paths import query
from reconcile.providers.microsoft.wire.refusals import UNREADABLE, Refused
from reconcile.providers.microsoft.wire.transport import Transport

Row = dict[str, Any]

#: Graph, "Combine multiple HTTP requests using JSON batching": 20 parts at most.
BATCH = 20
#: Requests in flight at a time, however many writers wait.
CONCURRENT = 16
#: How often a list is begun, and how many empty pages may follow each other.
LIST_ATTEMPTS = 3


class Graph:
    """Reads and writes directory objects.

    Every method raises ``Refused`` for what Graph would not do and ``Problem`` (M365-01…06) when it cannot be asked.
    """

    def __init__(self, service: Service, transport: Transport, clock: Clock, quota: Quota) -> None:
        self._service = service
        self._transport = transport
        self._clock = clock
        self._quota = quota
        self._root = f"{service.root.rstrip('/')}/v1.0"
        self._places = threading.BoundedSemaphore(CONCURRENT)

    def rows(self, path: str, select: Iterable[str] = (), **options: str | int) -> list[Row]:
        """A whole collection, every page of it, begun again when the way to the next page is lost.

        Raises ``Problem`` M365-05 when it cannot be read whole: a short list would look like deletions.
        """
        return self._whole(path + query(select, **options), None)

    def rest(self, path: str, page: Row | Refused) -> list[Row]:
        """A whole collection whose first page a batch brought, as ``many`` gave it for that path. Raises as ``rows``,
        and the page itself when it is a refusal."""
        if isinstance(page, Refused):
            raise page
        return self._whole(path, page)

    def _whole(self, path: str, page: Row | None) -> list[Row]:
        for _ in range(LIST_ATTEMPTS):
            rows = self._pages(self._root + path, page, _consistency(path))
            if rows is not None:
                return rows
            page = None
        name = path.partition("?")[0]
        raise Problem(
            "M365-05",
            Phrase("Microsoft Graph's list {name} was cut short.", name=name),
            "nothing was concluded from it; run it again",
        )

    def _pages(self, first: str, page: Row | None, headers: Mapping[str, str]) -> list[Row] | None:
        """The rows of all pages from ``first`` on, which is ``page`` when it is there already; None when they do not
        lead to an end.

        A page may be empty and lead on; a link is followed exactly as it was given.
        """
        url, found, barren = first, [], 0
        seen: set[str] = set()
        while url:
            seen.add(url)
            try:
                page = page if url == first and page is not None else self._read(url, headers)
            except Refused:
                if url == first:
                    raise
                return None
            if page is None or not is_table(page.get("value")):
                return None
            found += page["value"]
            barren = 0 if page["value"] else barren + 1
            following = str(page.get("@odata.nextLink") or "")
            if barren > BARREN_PAGES or following in seen:
                return None
            check_length("Microsoft Graph", len(seen), len(found))
            url = following
        return found

    def one(self, path: str, select: Iterable[str] = ()) -> Row | None:
        """One object, None when Graph does not know it."""
        return self._read(self._root + path + query(select))

    def first(self, path: str, select: Iterable[str] = (), **options: str | int) -> list[Row] | None:
        """The first page of a collection that is known to be short; None when there is nothing at that path."""
        page = self._read(self._root + path + query(select, **options))
        if page is None:
            return None
        return page["value"] if is_table(page.get("value")) else []

    def content(self, path: str) -> bytes:
        """What is kept at a path as it is, such as a message in MIME; nothing when there is none."""
        self._quota.take(units=1, writes=0)
        reply = self._transport.send(self._service, Request("GET", self._root + path))
        if reply.status == 200:
            return reply.content
        if reply.status != 404:
            self._understood(reply.status, reply.json(), reply.request_id)
        return b""

    def many(self, paths: Sequence[str]) -> list[Row | Refused]:
        """The answers to several GETs, in order, batched; a part that is refused does not fail the others."""
        answers: dict[str, Row | Refused] = {}
        numbered = [(str(number), path) for number, path in enumerate(paths)]
        batches = [dict(numbered[start : start + BATCH]) for start in range(0, len(numbered), BATCH)]
        side_by_side(lambda batch: self._batch(batch, answers), batches, CONCURRENT)
        return [answers[str(number)] for number in range(len(paths))]

    def create(self, path: str, body: Mapping[str, object]) -> Row:
        """POST what must not exist twice. Raises ``LostAnswer`` when nobody knows whether it does now."""
        return self._write(Request("POST", self._root + path, body, repeatable=False, writes=True))

    def create_from_mime(self, path: str, mime: bytes) -> Row:
        """POST a whole message as Graph takes one: in base64, called text. Raises ``LostAnswer`` as ``create``."""
        headers = {"Content-Type": "text/plain"}
        request = Request("POST", self._root + path, base64.b64encode(mime), headers, repeatable=False, writes=True)
        return self._write(request)

    def act_once(self, path: str) -> None:
        """POST an action that must not be done twice. Raises ``LostAnswer`` when nobody knows whether it was done."""
        self._write(Request("POST", self._root + path, repeatable=False, writes=True))

    def act(self, path: str, body: Mapping[str, object]) -> Row:
        """POST an action that changes nothing when done again."""
        return self._write(Request("POST", self._root + path, body, writes=True))

    def change(self, path: str, body: Mapping[str, object]) -> None:
        self._write(Request("PATCH", self._root + path, body, writes=True))

    def remove(self, path: str) -> None:
        """DELETE; what is already gone is no failure."""
        try:
            self._write(Request("DELETE", self._root + path, writes=True))
        except Refused as refused:
            if refused.status != 404:
                raise

    def _read(self, url: str, headers: Mapping[str, str] = MappingProxyType({})) -> Row | None:
        self._quota.take(units=1, writes=0)
        reply = self._transport.send(self._service, Request("GET", url, headers=dict(headers)))
        if reply.status == 404:
            return None
        return self._understood(reply.status, reply.json(), reply.request_id)

    def _write(self, request: Request) -> Row:
        reply = self._send(request, writes=1)
        return self._understood(reply.status, reply.json(), reply.request_id)

    def _batch(self, waiting: dict[str, str], answers: dict[str, Row | Refused]) -> None:
        """Ask until every part is answered; a busy part is asked again alone, after the longest wait any part asks."""
        for attempt in itertools.count(1):
            parts = [_part(number, path) for number, path in waiting.items()]
            # A part costs what it would cost alone.
            reply = self._send(Request("POST", f"{self._root}/$batch", {"requests": parts}), units=len(parts))
            body = self._understood(reply.status, reply.json(), reply.request_id)
            pause = 0.0
            told = body.get("responses")
            for part in told if isinstance(told, list) else []:
                number = str(part.get("id")) if isinstance(part, dict) else ""
                if number not in waiting or not isinstance(status := part.get("status", 0), int):
                    continue
                headers = {str(name).lower(): str(value) for name, value in (part.get("headers") or {}).items()}
                if status == 429 or status >= 500:
                    pause = max(pause, self._transport.pause(attempt, headers))
                    continue
                del waiting[number]
                try:
                    answers[number] = self._understood(status, part.get("body"), headers.get("request-id", ""))
                except Refused as refused:
                    answers[number] = refused
            if not waiting:
                return
            if attempt == 8:
                raise Problem("M365-02", "Microsoft Graph stayed busy for too long.", "run the command again later")
            self._clock.sleep(pause or self._transport.pause(attempt, {}))

    def _send(self, request: Request, units: int = 1, writes: int = 0) -> Reply:
        self._quota.take(units, writes)
        with self._places:
            return self._transport.send(self._service, request, _judge)

    def _understood(self, status: int, body: Any, request_id: str) -> Row:
        if status in (200, 201) and isinstance(body, dict):
            return body
        if status in (202, 204):
            return {}
        error = body.get("error") if isinstance(body, dict) else None
        if not isinstance(error, dict):
            raise Refused(
                self._service.name, status, UNREADABLE, Phrase("an answer that is not Graph's"), "", request_id
            )
        details = [detail for detail in error.get("details") or [] if isinstance(detail, dict)]
        first = details[0] if details else {}
        inner = error.get("innerError") or {}
        raise Refused(
            self._service.name,
            status,
            str(first.get("code") or error.get("code") or ""),
            str(error.get("message") or ""),
            str(first.get("target") or ""),
            request_id or str(inner.get("request-id") or ""),
        )


def _judge(reply: Reply) -> Verdict:
    """By status, but for two who write at once: the second was not carried out and may come again."""
    body = reply.json() if reply.status == 409 else None
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict) and error.get("code") in _AT_ONCE:
        return Verdict.LATER
    return by_status(reply)


#: What the second of two who write at the same moment is answered; Microsoft's own clients take both for passing.
_AT_ONCE = ("Directory_ConcurrencyViolation", "Request_MultipleObjectsWithSameKeyValue")


def _part(number: str, path: str) -> Row:
    headers = _consistency(path)
    return {"id": number, "method": "GET", "url": path, **({"headers": headers} if headers else {})}


def _consistency(path: str) -> dict[str, str]:
    """What a counted query says besides: only on the index that lags behind can Graph count, and search for the end of
    a value (Graph: advanced query capabilities)."""
    return {"ConsistencyLevel": "eventual"} if "$count=true" in path else {}
