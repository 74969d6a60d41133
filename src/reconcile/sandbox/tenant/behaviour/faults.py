"""Faults on demand: the next requests to a path fail as a service in trouble fails."""

from __future__ import annotations

import dataclasses
import random
import threading
from collections.abc import Callable
from typing import Any

from reconcile.sandbox.tenant.cmdlet_error import CmdletError
from reconcile.sandbox.tenant.https.web import Answer, LostAnswerError, Request

KINDS = ("unavailable", "throttle", "busy", "drop_answer", "late_error", "truncate")
#: What chance may strike with; a list is cut short only on request, for nothing but the plan's refusal mends that.
_BY_CHANCE = KINDS[:-1]


@dataclasses.dataclass(slots=True)
class Fault:
    """``kind`` strikes the next ``count`` requests whose target or body holds ``path_contains``.

    unavailable: 503, nothing done. throttle: 429 with a fractional Retry-After, nothing done. busy: Exchange's
    transient 400, Graph's 503 with a Retry-After, nothing done. drop_answer: the request is carried out and its answer
    lost. late_error: carried out, and answered 504. truncate: a list is cut in half and the link to the rest is dead.
    """

    kind: str
    path_contains: str
    count: int


class Faults:
    """The faults still to strike: those asked for, and with the likelihood of the moment one by chance."""

    def __init__(self, likelihood: Callable[[], float] = lambda: 0.0, seed: int = 0) -> None:
        self._pending: list[Fault] = []
        self._likelihood = likelihood
        self._chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
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
            case "busy":
                return _busy(request)
            case "late_error":
                page(request)
                return Answer(504, _error("GatewayTimeout", "The gateway waited too long for the service."))
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
            elif request.segments[0] in ("v1.0", "adminapi") and self._chance.random() < self._likelihood():
                return Fault(self._chance.choice(_BY_CHANCE), "", 1)
            return fault


def _concerns(fault: Fault, request: Request) -> bool:
    return fault.path_contains in f"{request.method} {request.path}" or fault.path_contains.encode() in request.body


def _error(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innerError": {"code": code}}}


def _busy(request: Request) -> Answer:
    if request.segments[0] == "adminapi":
        error = CmdletError("ServerBusyException", "The server is too busy to process the request. Try again later.")
        return Answer(error.status, error.body())
    return Answer(503, _error("ServiceUnavailable", "The service is busy."), {"Retry-After": "5"})


def _cut_short(request: Request, answer: Answer) -> Answer:
    """Half the rows, and a link to the rest that has expired already."""
    if not isinstance(answer.body, dict) or not isinstance(answer.body.get("value"), list):
        return answer
    rows, context = answer.body["value"], str(answer.body.get("@odata.context", ""))
    site = context.partition("/v1.0/")[0].partition("/adminapi/")[0]
    link = f"{site}{request.path}?$skiptoken=expired"
    return Answer(answer.status, {**answer.body, "value": rows[: len(rows) // 2], "@odata.nextLink": link})
