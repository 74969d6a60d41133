"""Mailboxes weighed by IMAP alone, for a host that tells nothing else; nothing is marked read."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from reconcile.bounded_mail import Bounds, Place
from reconcile.config.inventory.inventory import Aspect
from reconcile.language.lists import first_of
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import Found, Reading, Scope
from reconcile.providers.legacy.inventory.many_logins import signed_in
from reconcile.providers.legacy.sign_in import SignIn

if TYPE_CHECKING:
    from imapclient import IMAPClient

#: A host without STATUS=SIZE tells the size of each message: 100 bytes, of a million messages at most.
_BOUNDS = Bounds(wait=600, seconds=3600, octets=200_000_000)
_RECENT = 50  # messages of Sent looked at for the latest date: they need not lie in its order
_AT_ONCE = 500  # messages asked about in one command
_NAMED = 5


@dataclasses.dataclass(frozen=True, slots=True)
class _Weight:
    size: int
    messages: int
    last_used: dt.date | None


class ImapScale:
    """The mailboxes whose logins the federation files name, and ``logins``. What else there is IMAP cannot tell."""

    name = "imap"

    def __init__(
        self,
        host: str,
        port: int,
        sign_in: SignIn,
        logins: Sequence[str] = (),
        *,
        tls: bool | Literal["starttls"] = True,
        ca_file: Path | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._sign_in = sign_in
        self._starttls = tls == "starttls"
        self._logins = tuple(login.lower() for login in logins)
        self._context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None) if tls else None

    def read(self, scope: Scope) -> Reading:
        """Raises Problem INV15 when the host cannot be reached, or refuses the first logins."""
        logins = sorted({*scope.logins, *self._logins})
        weights = dict(signed_in(logins, self._weigh, self._place, self._sign_in))
        found = tuple(self._found(login, weight, scope) for login, weight in weights.items() if weight is not None)
        refused = [login for login, weight in weights.items() if weight is None]
        troubles: dict[Aspect, str] = {"mailboxes": Phrase("IMAP lists no mailboxes but those it is told of")}
        if refused:
            why = Phrase("it does not open {logins}", logins=first_of(refused, _NAMED))
            troubles |= dict.fromkeys(("sizes", "messages", "last_use"), why)
        return Reading(found, frozenset(), troubles)

    def _found(self, login: str, weight: _Weight, scope: Scope) -> Found:
        address = scope.address_of(login)
        return Found(address, "mailbox", login, (), weight.size, weight.messages, weight.last_used)

    def _weigh(self, name: str, password: str) -> _Weight | None:
        """All folders together; None when the login is refused, or its mailbox cannot be read."""
        from imapclient.exceptions import IMAPClientError

        from reconcile.bounded_imap_client import BoundedImapClient

        try:
            place = Place(self._host, self._port, self._context, starttls=self._starttls)
            client = BoundedImapClient(place, _BOUNDS)
        except (OSError, ValueError, IMAPClientError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise Problem(
                "INV15", Phrase("Cannot reach the old host {place}: {why}.", place=self._place, why=why), "is it up?"
            ) from None
        client.folder_encode = False
        try:
            client.login(name, password)
            return _weight_of(client)
        except (OSError, ValueError, IMAPClientError):
            return None
        finally:
            with contextlib.suppress(OSError, ValueError, IMAPClientError):
                client.logout()

    @property
    def _place(self) -> str:
        return f"{self._host}:{self._port}"


def _weight_of(client: IMAPClient) -> _Weight:
    size = messages = 0
    last: dt.date | None = None
    quick = b"STATUS=SIZE" in client.capabilities()
    for flags, _, name in client.list_folders():
        kinds = {flag.lower() for flag in flags}
        if kinds & {b"\\noselect", b"\\nonexistent"}:
            continue
        if quick:
            told = client.folder_status(name, ["MESSAGES", "SIZE"])
            count, volume = int(told[b"MESSAGES"]), int(told[b"SIZE"])
        else:
            count, volume = _summed(client, name)
        size, messages = size + volume, messages + count
        if b"\\sent" in kinds and count:
            last = max(filter(None, (last, _latest(client, name))), default=None)
    return _Weight(size, messages, last)


def _summed(client: IMAPClient, folder: Any) -> tuple[int, int]:
    """Messages and bytes of a folder of a host without STATUS=SIZE (RFC 8438)."""
    client.select_folder(folder, readonly=True)
    uids = client.search()
    size = 0
    for start in range(0, len(uids), _AT_ONCE):
        told = client.fetch(uids[start : start + _AT_ONCE], ["RFC822.SIZE"])
        size += sum(int(one[b"RFC822.SIZE"]) for one in told.values())
    return len(uids), size


def _latest(client: IMAPClient, folder: Any) -> dt.date | None:
    """The day of the newest message lately put into a folder."""
    client.select_folder(folder, readonly=True)
    uids = client.search()[-_RECENT:]
    dates = client.fetch(uids, ["INTERNALDATE"]) if uids else {}
    return max((one[b"INTERNALDATE"].date() for one in dates.values() if b"INTERNALDATE" in one), default=None)
