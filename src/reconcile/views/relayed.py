"""The addresses nobody listed that were written to since the switch, for people."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Protocol

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.views.counts import messages
from reconcile.views.wording import DRIFT, QUIET, plain


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


def relayed_table(rows: Sequence[Row], domains: int, zone: dt.tzinfo, words: Catalogue = ENGLISH) -> Iterator[Text]:
    """A line for each address, the most written to first."""
    if not domains:
        yield Text(words.say(Phrase("No federation named has been switched yet.")))
        return
    for one in rows:
        last = Phrase("last {moment} from {sender}", moment=moment(one.last, zone), sender=one.sender)
        line = Text(f"{plain(one.address):<44}", "bold")
        yield line.append(f"{words.say(messages(one.messages)):>13}  {words.say(last, plain)}", "not bold")
        if one.refused:
            told = Phrase.counted(
                "the old host did not take {number} message of them",
                "the old host did not take {number} messages of them",
                one.refused,
            )
            yield Text(f"  {words.say(told)}", DRIFT)
    if rows:
        unknown = Phrase.counted(
            "{number} address the tenant does not know.", "{number} addresses the tenant does not know.", len(rows)
        )
        hint = Phrase(
            "Name each in its federation's file, as a mailbox or an alias, before its domain is authoritative."
        )
        yield Text(f"{words.say(unknown)} {words.say(hint)}", QUIET)
    else:
        nobody = Phrase.counted(
            "Nobody wrote to an unknown address of {number} domain since the switch.",
            "Nobody wrote to an unknown address of {number} domains since the switch.",
            domains,
        )
        yield Text(words.say(nobody))
