"""How Graph says no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any


class GraphRefusal(Exception):
    """A refusal with Graph's status, code and message; ``details`` as (code, message, target)."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Sequence[tuple[str, str, str | None]] = (),
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers

    def body(self, request_id: str, date: str) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details:
            error["details"] = [
                {"code": code, "message": message, **({"target": target} if target else {})}
                for code, message, target in self.details
            ]
        error["innerError"] = {"date": date, "request-id": request_id, "client-request-id": request_id}
        return {"error": error}


def bad_request(message: str) -> GraphRefusal:
    return GraphRefusal(400, "Request_BadRequest", message)


def not_found(key: str) -> GraphRefusal:
    return GraphRefusal(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are not present.",
    )


def denied() -> GraphRefusal:
    return GraphRefusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def taken(property_name: str) -> GraphRefusal:
    """Another object holds the value (microsoft-graph-docs-contrib#8421)."""
    message = f"Another object with the same value for property {property_name} already exists."
    details: list[tuple[str, str, str | None]] = [("ObjectConflict", message, property_name)]
    if property_name == "proxyAddresses":
        details.append(("ConflictingObjects", message, None))
    return GraphRefusal(400, "Request_BadRequest", message, details)


def throttled(wait: float) -> GraphRefusal:
    """Too much was asked; ``wait`` in seconds may be a fraction."""
    refusal = GraphRefusal(429, "TooManyRequests", "Too many requests.")
    refusal.headers = {"Retry-After": f"{max(wait, 0.001):.3f}"}
    return refusal
