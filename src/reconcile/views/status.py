"""Where the federations stand: one row each, what needs somebody first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.text import Text

from reconcile.language.catalogue import ENGLISH, Catalogue
from reconcile.language.moments import moment
from reconcile.language.phrase import Phrase
from reconcile.planning.letters import NEEDS_A_LOOK
from reconcile.planning.status import STEPS, FederationStatus, State, Step
from reconcile.views.counts import federations
from reconcile.views.gate_text import said
from reconcile.views.letters import LETTER_STATES, as_object, letters_cell
from reconcile.views.wording import ALARM, DRIFT, QUIET, colon, plain, semicolon

#: Senders of late mail named for one federation; the JSON has all.
_SENDERS = 5
_MARKS = {
    State.ERROR: ("✗", ALARM, Phrase("error")),
    State.HELD: ("■", ALARM, Phrase("held back")),
    State.NOT_READY: ("!", DRIFT, Phrase("not ready")),
    State.UNDER_WAY: ("▶", "cyan", Phrase("under way")),
    State.READY: ("·", "", Phrase("ready")),
    State.WAITING: (" ", QUIET, Phrase("no date")),
    State.DONE: ("✓", "green", Phrase("done")),
}
_STEPS = {
    "lock": Phrase("lock"),
    "create": Phrase("create"),
    "switch": Phrase("switch"),
    "passwords": Phrase("passwords"),
    "copy": Phrase("copy"),
}


def status_text(
    rows: Sequence[FederationStatus], now: dt.datetime, zone: dt.tzinfo, width: int, words: Catalogue = ENGLISH
) -> Iterator[Text]:
    """A heading, a row for each federation in the order given, and the count; no line is longer than ``width``."""
    say = words.say
    written = any(one.letters for one in rows)
    steps = [say(_STEPS[step]) for step in STEPS] + ([say(Phrase("letters"))] if written else [])
    names, state, day = say(Phrase("federation")), say(Phrase("state")), say(Phrase("day J"))
    states = [say(word) for _, _, word in _MARKS.values()]
    first, second = max(11, len(names) + 1), max(10, *(len(one) + 1 for one in (state, *states)))
    columns = [max(10, len(step) + 1) for step in steps]
    heads = "".join(f"{step:>{column}}" for step, column in zip(steps, columns, strict=True))
    opening = f"  {names:<{first}}{state:<{second}}{day:<11}{heads}  {say(Phrase('why'))}"
    yield _cut(Text(opening, "bold"), width)
    for one in rows:
        mark, style, word = _MARKS[one.state]
        row = Text(f"{mark} ", style).append(f"{plain(one.federation):<{first}}", "bold")
        row.append(f"{say(word):<{second}}", style).append(f"{one.date or '–'!s:<11}", "default")
        for step, column in zip(STEPS, columns, strict=False):
            row.append(f"{_step(one.steps.get(step, Step()), words):>{column}}", _colour(one.steps.get(step, Step())))
        if written:
            look = any(letter.state in NEEDS_A_LOOK for letter in one.letters)
            row.append(f"{letters_cell(one.letters):>{columns[-1]}}", DRIFT if look else "default")
        yield _cut(row.append(f"  {_why(one, words)}", "default"), width)
    tally = [(state, sum(one.state is state for one in rows)) for state in State]
    told = ", ".join(say(_counted(state, number)) for state, number in tally if number)
    yield from (_cut(_late(one, words), width) for one in rows if one.late)
    closing = f"{say(federations(len(rows)))}{colon(words)}{told}. {say(moment(now, zone))}"
    yield _cut(Text(closing, "bold"), width)


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


def _counted(state: State, number: int) -> Phrase:
    """``3 ready``, of federations."""
    match state:
        case State.ERROR:
            return Phrase.counted("{number} error", "{number} error", number)
        case State.HELD:
            return Phrase.counted("{number} held back", "{number} held back", number)
        case State.NOT_READY:
            return Phrase.counted("{number} not ready", "{number} not ready", number)
        case State.UNDER_WAY:
            return Phrase.counted("{number} under way", "{number} under way", number)
        case State.READY:
            return Phrase.counted("{number} ready", "{number} ready", number)
        case State.WAITING:
            return Phrase("{number} no date", number=number)
        case State.DONE:
            return Phrase.counted("{federations} done", "{federations} done", number, federations=number)


def _late(one: FederationStatus, words: Catalogue) -> Text:
    """Who still wrote to the old mailboxes, for somebody may have to be told the new way."""
    nobody = words.say(Phrase("nobody named"))
    named = [f"{plain(sender) or nobody} {messages}" for sender, messages in most_first(one.late.items())]
    told = Phrase.counted(
        "{number} message came to its old mailboxes after the switch",
        "{number} messages came to its old mailboxes after the switch",
        sum(one.late.values()),
    )
    line = Text(f"  {plain(one.federation)}{colon(words)}", "bold").append(words.say(told), DRIFT)
    line.append(f"{colon(words)}{', '.join(named[:_SENDERS])}", "default")
    if more := len(named[_SENDERS:]):
        line.append(words.say(Phrase.counted(", {number} other sender", ", {number} other senders", more)), "default")
    return line


def _step(step: Step, words: Catalogue) -> str:
    if not step.total:
        return "–"
    if step.failed:
        return f"{step.done}/{step.total} ✗{step.failed}"
    if step.over:
        return words.say(Phrase("done"))
    return f"{step.done}/{step.total}" if step.done else "·"


def _colour(step: Step) -> str:
    if step.failed:
        return ALARM
    return "green" if step.total and step.over else "default" if step.done else QUIET


def _why(one: FederationStatus, words: Catalogue) -> str:
    """What is wrong, and the letters somebody should look at."""
    letters = [
        Phrase("letter {letter} {state}", letter=each.letter.value, state=LETTER_STATES[each.state])
        for each in one.letters
        if each.state in NEEDS_A_LOOK
    ]
    return semicolon(words).join(words.say(said, plain) for said in (_wrong(one), *letters) if said)


def _wrong(one: FederationStatus) -> str:
    """What is wrong, else the gates: one alone with its reason, several by their codes."""
    if one.trouble:
        more = len(one.trouble) - 1
        return Phrase("{trouble} (and {number} more)", trouble=one.trouble[0], number=more) if more else one.trouble[0]
    closed = [gate for gate in one.gates if not gate.open]
    if len(closed) == 1:
        return Phrase("{code} {why}", code=closed[0].code, why=said(closed[0]))
    if closed:
        return " ".join(gate.code for gate in closed)
    waived = [gate.code for gate in one.gates if gate.waived]
    return Phrase("set aside: {codes}", codes=" ".join(waived)) if waived else ""


def _cut(line: Text, width: int) -> Text:
    line.truncate(width, overflow="ellipsis")
    line.rstrip()
    return line
