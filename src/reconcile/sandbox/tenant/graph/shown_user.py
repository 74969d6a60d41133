"""A user as a page of a list shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconcile.sandbox.tenant.world.objects import User


class ShownUser(Mapping[str, Any]):
    """A user's properties, made out once another than the id is asked for: most users of a list are not on the page."""

    def __init__(self, user: User, show: Callable[[User], Mapping[str, Any]]) -> None:
        self._user = user
        self._show = show
        self._properties: Mapping[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        return self._user.id if name == "id" else self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> Mapping[str, Any]:
        if self._properties is None:
            self._properties = self._show(self._user)
        return self._properties
