"""Signing in to many mailboxes of a host, without being locked out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.sign_in import SignIn

_SIDE_BY_SIDE = 4

#: Logins refused while none was accepted, before no further one is tried: the host might lock the master user out.
_REFUSALS = 2

_Told = TypeVar("_Told")


def signed_in(
    logins: Sequence[str], ask: Callable[[str, str], _Told | None], place: str, sign_in: SignIn
) -> Iterator[tuple[str, _Told | None]]:
    """Each login with what ``ask`` tells when it opens the mailbox by a name and a password; None when it is refused,
    or no password is known: one after the other until one was accepted.

    Raises Problem INV15 when the host at ``place`` accepts none of the first.
    """
    known = {login: pair for login in logins if (pair := sign_in.credentials(login))}
    yield from ((login, None) for login in logins if login not in known)
    rest, refused = list(known), 0
    while rest:
        login = rest.pop(0)
        told = ask(*known[login])
        if told is None and (not rest or refused + 1 == _REFUSALS):
            raise Problem(
                "INV15", Phrase("The old host {place} refuses {whose}.", place=place, whose=sign_in.whose), sign_in.hint
            )
        yield login, told
        if told is not None:
            break
        refused += 1
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        yield from zip(rest, pool.map(lambda login: ask(*known[login]), rest), strict=True)
