"""The tenant's edge seen from outside: whether it takes mail for the youngest addresses of a domain.

The edge has its own list of recipients, which may be stuck: boxes and aliases of the last days work from inside and are
refused from outside (550 5.4.1), without a trace. Microsoft's remedy is to make the domain a relay and authoritative
again (support.microsoft.com, "550 5.4.1").
"""

from __future__ import annotations

import dataclasses
import smtplib
from collections.abc import Mapping, Sequence
from typing import Any

from reconcile import bounded_mail
from reconcile.bounded_mail import Bounds, Place
from reconcile.language.phrase import Phrase
from reconcile.providers.microsoft.reading.records import domain_of, smtp_addresses
from reconcile.providers.microsoft.wire.exchange import Exchange

#: So many addresses are asked about: the youngest mailboxes with theirs, then other aliases.
MOST = 25
_BOUNDS = Bounds(wait=30, seconds=300, octets=1_000_000)
_SELECT = ("PrimarySmtpAddress", "EmailAddresses", "WhenMailboxCreated")


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """What the edge answered. ``stale``: addresses refused as its list does not hold them. ``unreached``: why nobody
    could be asked, or what else was answered, "" when every address was taken or is stale."""

    stale: tuple[str, ...] = ()
    unreached: str = ""


def youngest(exchange: Exchange, domain: str) -> tuple[str, ...]:
    """The addresses of the domain that the edge may not know yet, the youngest first."""
    rows = exchange.rows("Get-Mailbox", _SELECT, ResultSize="Unlimited")
    rows.sort(key=lambda row: str(row.get("WhenMailboxCreated") or ""), reverse=True)
    primaries = [str(row.get("PrimarySmtpAddress") or "").lower() for row in rows]
    newest = [name for row in rows[:2] for name in _names(row)]
    aliases = [name for row in rows for name in _names(row) if name not in primaries]
    ranked = (*primaries[:2], *newest, *aliases, *primaries)
    found = dict.fromkeys(name for name in ranked if domain_of(name) == domain)
    return tuple(found)[:MOST]


def look(host: str, port: int, recipients: Sequence[str]) -> Seen:
    """Ask the edge about each recipient; no message is sent."""
    stale = []
    try:
        with bounded_mail.smtp(Place(host, port), _BOUNDS) as session:
            session.ehlo()
            session.mail("")
            for one in recipients:
                code, text = session.rcpt(one)
                said = f"{code} {text.decode(errors='replace')}"
                if code == 550 and "5.4.1 " in said:
                    stale.append(one)
                elif code not in (250, 251):
                    return Seen(
                        (), Phrase("{host} answered for {address}: {said}", host=host, address=one, said=said[:200])
                    )
            session.rset()
    except (OSError, ValueError, smtplib.SMTPException) as error:
        return Seen((), Phrase("{host}:{port} cannot be asked: {error}", host=host, port=port, error=error))
    return Seen(tuple(stale))


def exchanger(records: Sequence[Mapping[str, Any]]) -> str:
    """The host that takes the domain's mail, as Graph tells it; "" when it does not."""
    return next((str(row["mailExchange"]).rstrip(".") for row in records if row.get("mailExchange")), "")


def _names(row: Mapping[str, Any]) -> list[str]:
    items = row.get("EmailAddresses")
    return sorted(smtp_addresses(items)) if isinstance(items, list) else []
