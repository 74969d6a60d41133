"""Whose first password is where. No password comes near."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator, Sequence

from rich.text import Text

from reconcile.views.wording import DRIFT, QUIET, count, moment, plain


@dataclasses.dataclass(frozen=True, slots=True)
class PasswordStatus:
    """One person. ``sealed``: since when the vault holds their latest password. ``when``: the delivery's moment, as its
    receipt has it. ``anew``: it was set again and is to be delivered once more."""

    federation: str
    address: str
    sealed: dt.datetime | None
    delivered: bool
    when: dt.datetime | None = None
    anew: bool = False


def first_passwords_text(rows: Sequence[PasswordStatus], zone: dt.tzinfo) -> Iterator[Text]:
    """A line a person, and the count."""
    wide = max((len(one.address) for one in rows), default=0)
    for one in rows:
        line = Text(f"{plain(one.federation):<8} {plain(one.address):<{wide}}  ")
        if one.delivered:
            line.append(f"delivered {moment(one.when, zone) if one.when else ''}".rstrip(), "green")
        elif one.anew:
            line.append("set anew, to deliver", DRIFT)
        elif one.sealed:
            line.append(f"sealed {moment(one.sealed, zone)}, to deliver", DRIFT)
        else:
            line.append("none yet", QUIET)
        yield line
    done = sum(one.delivered for one in rows)
    waiting = sum(bool(one.sealed or one.anew) and not one.delivered for one in rows)
    yield Text(f"{count(len(rows), 'person', 'people')}: {done} delivered, {waiting} to deliver.", "bold")
