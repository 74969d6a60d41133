"""How a step, a state and a run's end are said and marked. Meaning never rests on colour."""

from __future__ import annotations

from collections.abc import Iterable

from reconcile.planning.gates.gate import Gate
from reconcile.planning.letters import NEEDS_A_LOOK, LetterStatus
from reconcile.planning.status import FederationStatus, State, Step
from reconcile.state.journal.runs import Operation, RunRecord
from reconcile.views.board.words import Words

#: State → the mark before its word.
MARKS = {
    State.ERROR: "✗",
    State.HELD: "■",
    State.NOT_READY: "!",
    State.UNDER_WAY: "▶",
    State.READY: "●",
    State.WAITING: "○",
    State.DONE: "✓",
}
#: State → the class that colours it.
CLASSES = {
    State.ERROR: "bad",
    State.HELD: "bad",
    State.NOT_READY: "warn",
    State.UNDER_WAY: "going",
    State.READY: "calm",
    State.WAITING: "quiet",
    State.DONE: "good",
}
#: State of a copy → the class that colours it.
COPY_CLASSES = {
    "failed": "bad",
    "partial": "warn",
    "waiting": "warn",
    "paused": "warn",
    "running": "going",
    "done": "good",
    "queued": "quiet",
    "cancelled": "quiet",
}


def step_words(step: Step, words: Words) -> str:
    """How far a step is."""
    if not step.total:
        return words("step.none")
    if step.failed:
        return words("step.failed", done=step.done, total=step.total, failed=step.failed)
    if step.over:
        return words("step.done")
    return words("step.begun", done=step.done, total=step.total) if step.done else words("step.waiting")


def step_class(step: Step) -> str:
    if not step.total:
        return "quiet"
    if step.failed:
        return "bad"
    return "good" if step.over else "going" if step.done else "quiet"


def closed(status: FederationStatus) -> list[Gate]:
    """The gates that hold it back."""
    return [gate for gate in status.gates if not gate.open]


def needs_a_look(letter: LetterStatus) -> bool:
    return letter.state in NEEDS_A_LOOK


def run_end(run: RunRecord, words: Words) -> str:
    """How a run ended: counts in words."""
    if run.tally is None:
        return words("killed")
    told = [f"{number} {words('tally.' + word)}" for word, number in run.tally.items() if number]
    return ", ".join(told) or words("nothing_done")


def run_class(run: RunRecord) -> str:
    return "warn" if run.tally is None else "bad" if run.tally.get("failed") else "good"


def failed(runs: Iterable[RunRecord]) -> list[tuple[RunRecord, Operation]]:
    """What failed in these runs, each with its run."""
    return [(run, one) for run in runs for one in run.operations if one.result == "failed"]


def result(one: Operation) -> str:
    """The name of the word for how an operation ended."""
    return f"result.{one.result or ('settled' if one.settled else '')}"
