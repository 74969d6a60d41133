"""Gates that do not hold, told in words: which, why, and what to do."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.planning.gates.gate import Gate
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.views.wording import ALARM, DRIFT, QUIET, plain, some


def gate_text(gates: Iterable[Gate], zone: dt.tzinfo, words: Catalogue = ENGLISH) -> Iterator[Text]:
    """Under each federation its closed gates, then those set aside with their reason; nothing without gates."""
    for slug, group in itertools.groupby(sorted(gates, key=lambda gate: (gate.federation, gate.code)), _federation):
        ones = list(group)
        yield Text(f"  {slug}  ", "bold").append(words.say(until(ones, zone)), "not bold")
        for gate in ones:
            line = Text("    ").append(f"{_mark(gate)} {gate.code}  ", QUIET if gate.waived else ALARM)
            yield line.append(words.say(said(gate), plain))
            if gate.hint and not gate.waived:
                yield Text(f"              → {words.say(gate.hint, plain)}", QUIET)


def said(gate: Gate) -> str:
    """Why it does not hold, and why it may stay so."""
    return Phrase("{why}; set aside: {reason}", why=gate.why, reason=gate.waived) if gate.waived else gate.why


def until(gates: Sequence[Gate], zone: dt.tzinfo) -> Phrase:
    """What these gates of one federation hold back, and until when there is time."""
    closed = sum(not gate.open for gate in gates)
    if not closed:
        return Phrase("goes on: its file sets aside what does not hold")
    lock = gates[0].lock
    if lock == UNSCHEDULED:
        return Phrase("not ready for its lock, once it has a date")
    return Phrase("not ready for the lock of {moment}", moment=moment(lock, zone))


def summary(gates: Iterable[Gate], words: Catalogue = ENGLISH) -> Iterator[Text]:
    """One line: how many federations are held back."""
    closed = sorted({gate.federation for gate in gates if not gate.open})
    if closed:
        told = Phrase.counted(
            "Gates: {federations} not ready for the lock; see the reasons above.",
            "Gates: {federations} not ready for the lock; see the reasons above.",
            len(closed),
            federations=some(closed, 6),
        )
        yield Text(words.say(told, plain), DRIFT)


def _federation(gate: Gate) -> str:
    return gate.federation


def _mark(gate: Gate) -> str:
    return "–" if gate.waived else "✗"
