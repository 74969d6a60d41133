"""The addresses nobody listed that were written to since the switch, for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Protocol

from rich.text import Text

from reconcile.views.wording import DRIFT, QUIET, count, moment, plain


class Row(Protocol):
    """One address."""

    @property
    def address(self) -> str: ...
    @property
    def messages(self) -> int: ...
    @property
    def refused(self) -> int: ...
    @property
    def last(self) -> dt.datetime: ...
    @property
    def sender(self) -> str: ...


def relayed_table(rows: Sequence[Row], domains: int, zone: dt.tzinfo) -> Iterator[Text]:
    """A line for each address, the most written to first."""
    if not domains:
        yield Text("No federation named has been switched yet.")
        return
    for one in rows:
        line = Text(f"{plain(one.address):<44}", "bold")
        line.append(
            f"{count(one.messages, 'message'):>13}  last {moment(one.last, zone)} from {plain(one.sender)}", "not bold"
        )
        yield line
        if one.refused:
            yield Text(f"  the old host did not take {count(one.refused, 'message')} of them", DRIFT)
    if rows:
        hint = "Name each in its federation's file, as a mailbox or an alias, before its domain is authoritative."
        yield Text(f"{count(len(rows), 'address', 'addresses')} the tenant does not know. {hint}", QUIET)
    else:
        yield Text(f"Nobody wrote to an unknown address of {count(domains, 'domain')} since the switch.")
