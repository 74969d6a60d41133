"""Faults on demand: the next requests to a path fail as a service in trouble fails."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from typing import Any

from reconcile.sandbox.tenant.web import Answer, LostAnswerError, Request

KINDS = ("unavailable", "throttle", "drop_answer", "truncate")


@dataclasses.dataclass(slots=True)
class Fault:
    """``kind`` strikes the next ``count`` requests whose target or body holds ``path_contains``.

    unavailable: 503, nothing done. throttle: 429 with a fractional Retry-After, nothing done. drop_answer: the request
    is carried out and its answer lost. truncate: a list is cut in half though its next link remains.
    """

    kind: str
    path_contains: str
    count: int


class Faults:
    """The faults still to strike."""

    def __init__(self) -> None:
        self._pending: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._pending.append(fault)

    def through(self, request: Request, page: Callable[[Request], Answer]) -> Answer:
        """The page's answer, or what a fault makes of it. Raises LostAnswerError."""
        fault = self._striking(request)
        match fault.kind if fault else None:
            case "unavailable":
                return Answer(503, _error("ServiceUnavailable", "The service is temporarily unavailable."))
            case "throttle":
                return Answer(429, _error("TooManyRequests", "Too many requests."), {"Retry-After": "2.128"})
            case "drop_answer":
                page(request)
                raise LostAnswerError
            case "truncate":
                return _cut_short(request, page(request))
            case _:
                return page(request)

    def _striking(self, request: Request) -> Fault | None:
        with self._lock:
            fault = next((each for each in self._pending if _concerns(each, request)), None)
            if fault is not None:
                fault.count -= 1
                self._pending = [each for each in self._pending if each.count > 0]
            return fault


def _concerns(fault: Fault, request: Request) -> bool:
    return fault.path_contains in f"{request.method} {request.path}" or fault.path_contains.encode() in request.body


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innerError": {"code": code}}}


def _cut_short(request: Request, answer: Answer) -> Answer:
    """Half the rows, and a link to the rest that has expired already."""
    if not isinstance(answer.body, dict) or not isinstance(answer.body.get("value"), list):
        return answer
    rows, context = answer.body["value"], str(answer.body.get("@odata.context", ""))
    site = context.partition("/v1.0/")[0].partition("/adminapi/")[0]
    link = f"{site}{request.path}?$skiptoken=expired"
    return Answer(answer.status, {**answer.body, "value": rows[: len(rows) // 2], "@odata.nextLink": link})
