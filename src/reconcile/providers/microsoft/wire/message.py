"""What is sent to a Microsoft service and what comes back: the service, a request, its reply, what that means. Pure."""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Callable, Mapping
from typing import Any

from reconcile.bounded_http import parsed


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """One Microsoft service: its name on screen, its root, and who signs requests in.

    ``token`` answers a bearer token, ``renew`` forgets the one at hand. The token goes to ``root``'s host alone.
    """

    name: str
    root: str
    token: Callable[[], str]
    renew: Callable[[], None]


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """``repeatable``: carrying it out twice is the same as once, so an uncertain answer is simply asked again.
    ``writes``: it is meant to change something, so its id is worth keeping.
    """

    method: str
    url: str
    body: object = None
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    repeatable: bool = True
    writes: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def request_id(self) -> str:
        return self.headers.get("request-id", "") or self.headers.get("x-ms-request-id", "")

    def json(self) -> Any:
        """The body as JSON, None when it is empty or is not JSON.

        Half a surrogate pair, left where .NET cut a text in the middle of an emoji, is no text that could be written
        down again: U+FFFD stands for it.
        """
        try:
            told = parsed(self.content)
            return _whole(told) if _SURROGATE.search(self.content) else told
        except (ValueError, RecursionError):
            return None


_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def _whole(value: Any) -> Any:
    """The value with every text of it in whole characters."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [_whole(item) for item in value]
        case dict():
            return {_whole(name): _whole(item) for name, item in value.items()}
    return value


class Verdict(enum.Enum):
    """What an answer means for asking again."""

    FINAL = "final"
    #: Not carried out; the same request may pass later.
    LATER = "later"
    #: May have been carried out.
    UNSURE = "unsure"


def by_status(reply: Reply) -> Verdict:
    """HTTP's own meaning: 429 was not carried out; 5xx tells nothing."""
    if reply.status == 429:
        return Verdict.LATER
    return Verdict.UNSURE if reply.status >= 500 else Verdict.FINAL
