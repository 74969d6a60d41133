"""How the tenant's messages leave it: to a server, named or by address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Post(Protocol):
    """Takes a message to a server; the refusal of each recipient that the server did not take, None when there is no
    way to the server at this moment."""

    def __call__(
        self, host: str, sender: str, recipients: Sequence[str], message: bytes
    ) -> Mapping[str, str] | None: ...


def no_way(host: str, sender: str, recipients: Sequence[str], message: bytes) -> None:
    """The post of a tenant on whose network no other server is."""
