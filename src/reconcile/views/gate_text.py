"""Gates that do not hold, told in words: which, why, and what to do."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from reconcile.planning.gates.gate import Gate
from reconcile.resources.milestones import UNSCHEDULED
from reconcile.views.wording import ALARM, DRIFT, QUIET, moment, plain


def gate_text(gates: Iterable[Gate], zone: dt.tzinfo) -> Iterator[Text]:
    """Under each federation its closed gates, then those set aside with their reason; nothing without gates."""
    for slug, group in itertools.groupby(sorted(gates, key=lambda gate: (gate.federation, gate.code)), _federation):
        ones = list(group)
        yield Text(f"  {slug}  ", "bold").append(until(ones, zone), "not bold")
        for gate in ones:
            yield (
                Text("    ").append(f"{_mark(gate)} {gate.code}  ", QUIET if gate.waived else ALARM).append(said(gate))
            )
            if gate.hint and not gate.waived:
                yield Text(f"              → {plain(gate.hint)}", QUIET)


def said(gate: Gate) -> str:
    """Why it does not hold, and why it may stay so."""
    return f"{plain(gate.why)}; set aside: {plain(gate.waived)}" if gate.waived else plain(gate.why)


def until(gates: Sequence[Gate], zone: dt.tzinfo) -> str:
    """What these gates of one federation hold back, and until when there is time."""
    closed = sum(not gate.open for gate in gates)
    if not closed:
        return "goes on: its file sets aside what does not hold"
    lock = gates[0].lock
    when = "its lock, once it has a date" if lock == UNSCHEDULED else f"the lock of {moment(lock, zone)}"
    return f"not ready for {when}"


def summary(gates: Iterable[Gate]) -> Iterator[Text]:
    """One line: how many federations are held back."""
    closed = sorted({gate.federation for gate in gates if not gate.open})
    if closed:
        shown = ", ".join(closed[:6]) + (f" and {len(closed) - 6} more" if len(closed) > 6 else "")
        yield Text(f"Gates: {shown} not ready for the lock; see the reasons above.", DRIFT)


def _federation(gate: Gate) -> str:
    return gate.federation


def _mark(gate: Gate) -> str:
    return "–" if gate.waived else "✗"
