"""What an answer of InvokeCommand means: by exception type, for its status tells nothing and its texts vary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconcile.providers.microsoft.wire.message import Reply, Verdict, by_status

Row = dict[str, Any]

#: .NET exception types that pass by themselves, whatever the HTTP status beside them.
_PASSING = (
    "OverBudgetException",
    "ServerBusyException",
    "CmdletProxyNotAvailableFailure",
    "BackendCommunicationException",
    "MailboxInTransitException",
)


def judge(reply: Reply) -> Verdict:
    """By exception type first: Exchange answers 400 to what passes by itself and 500 to what never will."""
    if reply.status == 200:
        return Verdict.FINAL
    name = exception(reply.json())
    if name.endswith((*_PASSING, "TransientException")):
        return Verdict.LATER
    if name:
        return Verdict.FINAL
    return by_status(reply)


def passing(part: Row) -> bool:
    """Whether a part of a batch met a failure that passes."""
    return status(part) in (429, 503) or exception(part.get("body")).endswith((*_PASSING, "TransientException"))


def status(part: Row) -> int:
    told, body = part.get("status"), part.get("body")
    if isinstance(told, int):
        return told
    if isinstance(told, str) and told.isdecimal() and len(told) == 3:
        return int(told)
    return 400 if told or (isinstance(body, dict) and "error" in body) else 200


def exception(body: Any) -> str:
    """The .NET exception's own name, from ``details`` (``ExHex|type|text``) or the inner exception; "" when absent."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ""
    for message in _details(error):
        parts = message.split("|")
        if len(parts) >= 3:
            return parts[1].rpartition(".")[2]
    inner = _inner(error)
    return str(inner.get("type") or "").rpartition(".")[2]


def text(error: Mapping[str, Any]) -> str:
    for message in _details(error):
        parts = message.split("|", 2)
        if len(parts) == 3:
            return parts[2]
    inner = _inner(error)
    return str(inner.get("message") or error.get("message") or "")


def _details(error: Mapping[str, Any]) -> list[str]:
    details = error.get("details")
    found = details if isinstance(details, list) else []
    return [str(detail.get("message") or "") for detail in found if isinstance(detail, dict)]


def _inner(error: Mapping[str, Any]) -> Mapping[str, Any]:
    outer = error.get("innererror")
    inner = outer.get("internalexception") if isinstance(outer, dict) else None
    return inner if isinstance(inner, dict) else {}


def truncated(page: Row) -> bool:
    """Exchange says so in a warning when it shows fewer rows than there are."""
    told = page.get("@adminapi.warnings")
    warnings = told if isinstance(told, list) else [told]
    return any(word in str(warning).lower() for warning in warnings for word in ("more results", "only the first"))
