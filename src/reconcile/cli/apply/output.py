"""How an apply is told: in words to people, or as Terraform's stream of events to a program."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

import click

from reconcile.cli.plan.output import say_events
from reconcile.cli.session.session import Session
from reconcile.cli.session.signals import ignoring_closed_output

if TYPE_CHECKING:
    from reconcile.applying.events import Listener
    from reconcile.applying.outcome import Run
    from reconcile.planning.plan.plan import Plan


class ApplyOutput(Protocol):
    """Tells one apply from its plan to its end."""

    def plan(self, plan: Plan, *, reviewed: bool) -> None:
        """Show what is about to be done; ``reviewed``: somebody has read this plan before."""

    def confirmed(self) -> bool:
        """Ask whether to go on."""

    def following(self, plan: Plan) -> contextlib.AbstractContextManager[Listener]:
        """Follow the run while it goes."""

    def run(self, run: Run, plan: Plan) -> None:
        """Show how it ended."""

    def nothing_done(self, *, complete: bool) -> None:
        """There was nothing to carry out; not ``complete``: because what there is could not be read, or is stale."""


class TextOutput:
    """For people: the plan, live counters on a terminal or a line per change, and the closing tally."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def plan(self, plan: Plan, *, reviewed: bool) -> None:
        from reconcile.views.plan.text import plan_text

        if not reviewed:
            self._session.print(plan_text(plan, self._session.zone, words=self._session.words))

    def confirmed(self) -> bool:
        if not sys.stdin.isatty():
            return False
        asked = self._session.say("Apply this plan? Only 'yes' is a yes")
        return click.prompt(asked, default="no", show_default=False) == "yes"

    @contextlib.contextmanager
    def following(self, plan: Plan) -> Iterator[Listener]:
        from reconcile.views.run.progress import LineProgress, LiveProgress

        console = self._session.console(stderr=True)
        if not console.is_terminal:
            yield LineProgress(plan, ignoring_closed_output(console.print), self._session.words)
            return
        from rich.live import Live

        shown = LiveProgress(plan, time.monotonic, self._session.words)
        with Live(shown, console=console, refresh_per_second=4, transient=True):
            yield shown

    def run(self, run: Run, plan: Plan) -> None:
        from reconcile.views.run.text import run_text

        if plan.changes:
            self._session.print(run_text(run, plan, self._session.zone, self._session.words))

    def nothing_done(self, *, complete: bool) -> None:
        return  # the plan has said so


class EventOutput:
    """For programs: one JSON object a line on standard output. Nobody is there to be asked."""

    def __init__(self, session: Session) -> None:
        self._clock = session.clock

    def plan(self, plan: Plan, *, reviewed: bool) -> None:
        from reconcile.views.terraform.events import plan_events

        say_events(plan_events(plan, self._clock.now()))

    def confirmed(self) -> bool:
        return False

    @contextlib.contextmanager
    def following(self, plan: Plan) -> Iterator[Listener]:
        from reconcile.views.terraform.events import run_event

        yield ignoring_closed_output(lambda event: say_events(run_event(event, self._clock.now())))

    def run(self, run: Run, plan: Plan) -> None:
        from reconcile.views.terraform.events import run_summary

        say_events([run_summary(run, self._clock.now())])

    def nothing_done(self, *, complete: bool) -> None:
        from reconcile.views.terraform.events import apply_summary

        say_events([apply_summary((), self._clock.now(), complete=complete)])
