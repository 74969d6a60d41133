"""Exchange Online over HTTP: the only module that knows InvokeCommand.

InvokeCommand is what Microsoft's own PowerShell module speaks; it is not a published contract, so every trap known in
public is met here: localised texts (classified by exception type), transient failures answered as 400, a 403 of NUL
bytes, paging that may break, and Get cmdlets that answer everything when they do not know an identity.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.microsoft.wire import exchange_answers as answers
from reconcile.providers.microsoft.wire.concurrent import side_by_side
from reconcile.providers.microsoft.wire.message import Reply, Request, Service, Verdict
from reconcile.providers.microsoft.wire.pacing import Places
from reconcile.providers.microsoft.wire.paging import BARREN_PAGES, check_length, is_table
from reconcile.providers.microsoft.wire.refusals import UNREADABLE, Refused
from reconcile.providers.microsoft.wire.transport import Transport

Row = dict[str, Any]
#: A cmdlet and its parameters.
_Asked = tuple[str, Mapping[str, object]]

#: The parts of one $batch, as tools in production send them.
BATCH = 10
#: Concurrent requests every tenant bears, and how many reads are tried while it does not object. No figure is published
#: for applications; remote PowerShell, before it was retired, had three sessions for each administrator and nine for a
#: whole tenant.
CONCURRENT = 4
MOST_READS = 8
PAGE = 1000
#: How often a list is begun.
LIST_ATTEMPTS = 2
#: The organisation mailbox that routes an application's requests to one back end, so that it reads what it wrote.
_ANCHOR = "APP:SystemMailbox{{bb558c35-97f1-4cb9-8ff7-d53741dc928c}}@{tenant}"


class Exchange:
    """Runs cmdlets: at most ``CONCURRENT`` that write at a time, and ``MOST_READS`` in all while Exchange is at ease.

    ``person`` answers who uses the application, "" when it acts for itself: requests are routed by it. Every method
    raises ``Refused`` for what Exchange would not do and ``Problem`` (M365-01…06) when it cannot be asked.
    """

    def __init__(
        self,
        service: Service,
        transport: Transport,
        clock: Clock,
        tenant_id: str,
        person: Callable[[], str] = lambda: "",
    ) -> None:
        self._service = service
        self._transport = transport
        self._clock = clock
        self._root = f"{service.root.rstrip('/')}/adminapi/beta/{tenant_id}"
        self._anchor = _ANCHOR.format(tenant=tenant_id)
        self._person = person
        self._connection = str(uuid.uuid4())
        self._places = Places(CONCURRENT, MOST_READS)
        self._writing = threading.BoundedSemaphore(CONCURRENT)

    def rows(self, cmdlet: str, select: Iterable[str], **parameters: object) -> list[Row]:
        """Every row of a Get cmdlet, begun again when the way to the next page is lost.

        Raises ``Problem`` M365-05 when it cannot be read whole: a short list would look like deletions.
        """
        first = self._address(select)
        for _ in range(LIST_ATTEMPTS):
            rows = self._pages(cmdlet, parameters, first)
            if rows is not None:
                return rows
        raise Problem(
            "M365-05",
            Phrase("Exchange's list {cmdlet} was cut short.", cmdlet=cmdlet),
            "nothing was concluded from it; run it again",
        )

    def _pages(self, cmdlet: str, parameters: Mapping[str, object], first: str) -> list[Row] | None:
        """The rows of all pages from ``first`` on, None when they do not lead to an end.

        Each link is asked with the same body and the same anchor.
        """
        url, found, barren = first, [], 0
        seen: set[str] = set()
        while url:
            seen.add(url)
            try:
                page = self._send(self._request(cmdlet, parameters, url))
            except Refused:
                if url == first:
                    raise
                return None
            if not is_table(page.get("value")) or answers.truncated(page):
                return None
            found += page["value"]
            following = str(page.get("@odata.nextLink") or "")
            barren = 0 if page["value"] else barren + 1
            if barren > BARREN_PAGES or following in seen:
                return None
            check_length("Exchange", len(seen), len(found))
            url = following
        return found

    def one(
        self, cmdlet: str, select: Iterable[str], identity: str, is_it: Callable[[Row], bool], **parameters: object
    ) -> Row | None:
        """The one row ``is_it`` recognises, None when Exchange does not know the identity.

        A Get cmdlet may answer every object of the tenant when it does not know an identity, so the row is checked.
        """
        try:
            page = self._send(self._request(cmdlet, {"Identity": identity, **parameters}, self._address(select)))
        except Refused as refused:
            if refused.code == "ManagementObjectNotFoundException":
                return None
            raise
        return next((row for row in page.get("value") or [] if is_it(row)), None)

    def many(
        self, cmdlet: str, select: Iterable[str], inputs: Sequence[Mapping[str, object]]
    ) -> list[list[Row] | Refused]:
        """The rows of one Get cmdlet for several inputs, in order, batched, batches side by side."""
        return self._batched(select, [(cmdlet, parameters) for parameters in inputs])

    def tables(self, *cmdlets: str) -> list[list[Row] | Refused]:
        """All rows of several Get cmdlets with short lists, batched. Every property is answered, for the parts of a
        batch share what they select."""
        return self._batched((), [(cmdlet, {}) for cmdlet in cmdlets])

    def _batched(self, select: Iterable[str], asked: Sequence[_Asked]) -> list[list[Row] | Refused]:
        found: dict[str, list[Row] | Refused | None] = {}
        url = self._address(select)
        numbered = [(str(number), one) for number, one in enumerate(asked)]
        batches = [dict(numbered[start : start + BATCH]) for start in range(0, len(numbered), BATCH)]
        side_by_side(lambda batch: self._batch(url, batch, found), batches, MOST_READS)
        return [self._completed(found[number], cmdlet, select, parameters) for number, (cmdlet, parameters) in numbered]

    def _completed(
        self, answer: list[Row] | Refused | None, cmdlet: str, select: Iterable[str], parameters: Mapping[str, object]
    ) -> list[Row] | Refused:
        """The answer; what did not fit in its part of the batch (None) is read by itself, page by page."""
        if answer is not None:
            return answer
        try:
            return self.rows(cmdlet, select, **parameters)
        except Refused as refused:
            return refused

    def run(self, cmdlet: str, **parameters: object) -> list[Row]:
        """A cmdlet that changes nothing when run again (Set, Add, Remove)."""
        return list(self._send(self._request(cmdlet, parameters, self._address(()))).get("value") or [])

    def create(self, cmdlet: str, **parameters: object) -> list[Row]:
        """A cmdlet that must not run twice. Raises ``LostAnswer`` when nobody knows whether it ran."""
        request = self._request(cmdlet, parameters, self._address(()))
        once = dataclasses.replace(request, repeatable=False)
        return list(self._send(once).get("value") or [])

    def _address(self, select: Iterable[str]) -> str:
        names = ",".join(select)
        query = "?" + urlencode({"$select": names}, safe="$,") if names else ""
        return f"{self._root}/InvokeCommand{query}"

    def _request(self, cmdlet: str, parameters: Mapping[str, object], url: str) -> Request:
        body = {"CmdletInput": {"CmdletName": cmdlet, "Parameters": dict(parameters)}}
        headers = {**self._headers(), "X-CmdletName": cmdlet}
        return Request("POST", url, body, headers, writes=not cmdlet.startswith("Get-"))

    def _headers(self) -> dict[str, str]:
        return {
            "X-AnchorMailbox": f"UPN:{who}" if (who := self._person()) else self._anchor,
            "X-ResponseFormat": "json",
            "Prefer": f"odata.maxpagesize={PAGE}",
            "Accept-Language": "en-US",
            "client-request-id": str(uuid.uuid4()),
            "connection-id": self._connection,
        }

    def _send(self, request: Request) -> Row:
        with self._writing if request.writes else contextlib.nullcontext(), self._places.one():
            reply = self._transport.send(self._service, request, self._judge)
        body = reply.json()
        if reply.status == 200 and isinstance(body, dict):
            return body
        raise self._refusal(reply.status, body, reply.request_id or request.headers["client-request-id"])

    def _judge(self, reply: Reply) -> Verdict:
        verdict = answers.judge(reply)
        if verdict is Verdict.FINAL:
            self._places.answered()
        else:
            self._places.slow_down()
        return verdict

    def _batch(self, url: str, waiting: dict[str, _Asked], found: dict[str, list[Row] | Refused | None]) -> None:
        """Ask until every part is answered; parts that met a passing failure are asked again without the others."""
        for attempt in itertools.count(1):
            parts = []
            for number, (cmdlet, parameters) in waiting.items():
                request = self._request(cmdlet, parameters, url)
                headers = {**request.headers, "Content-Type": "application/json; charset=utf-8"}
                parts.append({"id": number, "method": "POST", "url": url, "headers": headers, "body": request.body})
            headers = {**self._headers(), "Prefer": f"odata.maxpagesize={PAGE};odata.continue-on-error"}
            body = self._send(Request("POST", f"{self._root}/$batch", {"requests": parts}, headers))
            for part in body.get("responses") or []:
                number = str(part.get("id"))
                if number in waiting and not answers.passing(part):
                    found[number] = self._part(part)
                    del waiting[number]
            if not waiting:
                return
            if attempt == 8:
                raise Problem("M365-02", "Exchange stayed busy for too long.", "run the command again later")
            self._places.slow_down()
            self._clock.sleep(self._transport.pause(attempt, {}))

    def _part(self, part: Row) -> list[Row] | Refused | None:
        """One part's rows or refusal; None when there are more rows than it shows."""
        body = part.get("body")
        if answers.status(part) == 200 and isinstance(body, dict) and isinstance(body.get("value"), list):
            return None if answers.truncated(body) or body.get("@odata.nextLink") else list(body["value"])
        return self._refusal(answers.status(part), body, "")

    def _refusal(self, status: int, body: Any, request_id: str) -> Refused:
        if status in (401, 403) or not isinstance(body, dict):
            text = Phrase("no right to this cmdlet, or no such cmdlet")
            if status not in (401, 403):
                text = Phrase("an unreadable answer")
            code = "Forbidden" if status == 403 else UNREADABLE
            return Refused(self._service.name, status, code, text, "", request_id)
        error = body.get("error") or {}
        return Refused(
            self._service.name,
            status,
            answers.exception(body) or str(error.get("code")),
            answers.text(error),
            "",
            request_id,
        )
