"""Signing in to many mailboxes as a host's master user, without being taken for a burglar."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from reconcile.problem import Problem

_SIDE_BY_SIDE = 4

#: Logins refused while none was accepted, before no further one is tried: the host might lock the master user out.
_REFUSALS = 2

_Told = TypeVar("_Told")


@dataclasses.dataclass(frozen=True, slots=True)
class Master:
    """``suffix``: what follows a mailbox's login, such as ``*copieur``."""

    suffix: str
    password: str = dataclasses.field(repr=False)


def as_master(
    logins: Sequence[str], ask: Callable[[str], _Told | None], place: str
) -> Iterator[tuple[str, _Told | None]]:
    """Each login with what ``ask`` tells of it, None when refused: one after the other until one was accepted.

    Raises Problem INV15 when the host at ``place`` accepts none of the first.
    """
    rest, refused = list(logins), 0
    while rest:
        login = rest.pop(0)
        told = ask(login)
        if told is None and (not rest or refused + 1 == _REFUSALS):
            hint = "check master_user, separator and the master user's password"
            raise Problem("INV15", f"The old host {place} refuses the master user.", hint)
        yield login, told
        if told is not None:
            break
        refused += 1
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        yield from zip(rest, pool.map(ask, rest), strict=True)
