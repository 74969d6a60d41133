"""Where the federations stand: one row each, what needs somebody first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.text import Text

from reconcile.planning.letters import NEEDS_A_LOOK
from reconcile.planning.status import STEPS, FederationStatus, State, Step
from reconcile.views.gate_text import said
from reconcile.views.letters import as_object, letters_cell
from reconcile.views.wording import ALARM, DRIFT, QUIET, count, moment, plain

#: Senders of late mail named for one federation; the JSON has all.
_SENDERS = 5
_MARKS = {
    State.ERROR: ("✗", ALARM, "error"),
    State.HELD: ("■", ALARM, "held back"),
    State.NOT_READY: ("!", DRIFT, "not ready"),
    State.UNDER_WAY: ("▶", "cyan", "under way"),
    State.READY: ("·", "", "ready"),
    State.WAITING: (" ", QUIET, "no date"),
    State.DONE: ("✓", "green", "done"),
}


def status_text(rows: Sequence[FederationStatus], now: dt.datetime, zone: dt.tzinfo, width: int) -> Iterator[Text]:
    """A heading, a row for each federation in the order given, and the count; no line is longer than ``width``."""
    written = any(one.letters for one in rows)
    heads = "".join(f"{step:>10}" for step in STEPS) + (f"{'letters':>10}" if written else "")
    yield _cut(Text(f"  {'federation':<11}{'state':<10}{'day J':<11}{heads}  why", "bold"), width)
    for one in rows:
        mark, style, word = _MARKS[one.state]
        row = Text(f"{mark} ", style).append(f"{plain(one.federation):<11}", "bold").append(f"{word:<10}", style)
        row.append(f"{one.date or '–'!s:<11}", "default")
        for step in STEPS:
            row.append(f"{_step(one.steps.get(step, Step())):>10}", _colour(one.steps.get(step, Step())))
        if written:
            look = any(letter.state in NEEDS_A_LOOK for letter in one.letters)
            row.append(f"{letters_cell(one.letters):>10}", DRIFT if look else "default")
        yield _cut(row.append(f"  {_why(one)}", "default"), width)
    tally = [(state, sum(one.state is state for one in rows)) for state in State]
    told = ", ".join(f"{number} {_MARKS[state][2]}" for state, number in tally if number)
    yield from (_cut(_late(one), width) for one in rows if one.late)
    yield _cut(Text(f"{count(len(rows), 'federation')}: {told}. {moment(now, zone)}", "bold"), width)


def status_document(rows: Sequence[FederationStatus], now: dt.datetime) -> dict[str, Any]:
    """The same for programs; keys and words never change meaning."""
    return {
        "format": 1,
        "now": now.isoformat(timespec="seconds"),
        "federations": [
            {
                "federation": one.federation,
                "name": one.name,
                "date": one.date.isoformat() if one.date else None,
                "lock": one.lock.isoformat() if one.date else None,
                "state": one.state.name.lower(),
                "trouble": list(one.trouble),
                "gates": [
                    {"code": gate.code, "why": gate.why, "hint": gate.hint, "waived": gate.waived, "open": gate.open}
                    for gate in one.gates
                ],
                "steps": {
                    name: {"done": step.done, "total": step.total, "failed": step.failed}
                    for name, step in one.steps.items()
                },
                "boxes": {"done": one.boxes.done, "total": one.boxes.total},
                "letters": [as_object(letter) for letter in one.letters],
                "late_mail": [
                    {"sender": sender, "messages": messages} for sender, messages in most_first(one.late.items())
                ],
            }
            for one in rows
        ],
    }


def most_first(senders: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    """Senders and their messages, who sent most first."""
    return sorted(senders, key=lambda each: (-each[1], each[0]))


def _late(one: FederationStatus) -> Text:
    """Who still wrote to the old mailboxes, for somebody may have to be told the new way."""
    named = [f"{plain(sender) or 'nobody named'} {messages}" for sender, messages in most_first(one.late.items())]
    more = f", {count(len(named) - _SENDERS, 'other sender')}" if len(named) > _SENDERS else ""
    line = Text(f"  {plain(one.federation)}: ", "bold")
    line.append(f"{count(sum(one.late.values()), 'message')} came to its old mailboxes after the switch", DRIFT)
    return line.append(f": {', '.join(named[:_SENDERS])}{more}", "default")


def _step(step: Step) -> str:
    if not step.total:
        return "–"
    if step.failed:
        return f"{step.done}/{step.total} ✗{step.failed}"
    return "done" if step.over else f"{step.done}/{step.total}" if step.done else "·"


def _colour(step: Step) -> str:
    if step.failed:
        return ALARM
    return "green" if step.total and step.over else "default" if step.done else QUIET


def _why(one: FederationStatus) -> str:
    """What is wrong, and the letters somebody should look at."""
    letters = [f"letter {each.letter.value} {each.state.value}" for each in one.letters if each.state in NEEDS_A_LOOK]
    return "; ".join(said for said in (_wrong(one), *letters) if said)


def _wrong(one: FederationStatus) -> str:
    """What is wrong, else the gates: one alone with its reason, several by their codes."""
    if one.trouble:
        more = f" (and {len(one.trouble) - 1} more)" if len(one.trouble) > 1 else ""
        return f"{plain(one.trouble[0])}{more}"
    closed = [gate for gate in one.gates if not gate.open]
    if len(closed) == 1:
        return f"{closed[0].code} {said(closed[0])}"
    if closed:
        return " ".join(gate.code for gate in closed)
    waived = [gate.code for gate in one.gates if gate.waived]
    return f"set aside: {' '.join(waived)}" if waived else ""


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    line.rstrip()
    return line
