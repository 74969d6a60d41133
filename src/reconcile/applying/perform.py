"""Carry one change out: last checks, intent, write, outcome, record."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from reconcile.applying.outcome import Outcome, Result
from reconcile.applying.recorder import Recorder
from reconcile.language.phrase import Phrase
from reconcile.planning.guards.boundary import Boundary
from reconcile.planning.plan.plan import Action, Change
from reconcile.problem import Problem
from reconcile.providers.base import Order, Provider
from reconcile.resources.address import Address
from reconcile.resources.kinds import KINDS
from reconcile.resources.resource import Live, Reference, Value
from reconcile.steps import Steps, Wait


class Performer:
    """Carries changes out through the writers of their providers; safe to call from many threads."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        recorder: Recorder,
        boundary: Boundary,
        outputs: Mapping[Address, Mapping[str, Value]],
        lacking: Collection[Address],
        stop: threading.Event,
    ) -> None:
        """``lacking``: the mailboxes for whose licence the plan found no seat."""
        self._providers = providers
        self._recorder = recorder
        self._boundary = boundary
        self._outputs = dict(outputs)
        self._lacking = lacking
        self._stop = stop
        self._lock = threading.Lock()

    def __call__(self, change: Change) -> Steps[Outcome]:
        """The outcome of one change; a failure is an outcome, never an exception."""
        began = time.monotonic()
        requests: list[str] = []
        provider = self._providers[KINDS[change.address.kind].provider]
        try:
            yield from _followed(self._carry_out(change, began, requests), provider, requests)
        except Problem as problem:
            return self._failure(change, problem, began, requests)
        except Exception as error:  # one broken write must not end the other federations'
            return self._failure(change, unexpected(change, error), began, requests)
        return Outcome(change, Result.DONE, time.monotonic() - began)

    def _carry_out(self, change: Change, began: float, requests: Sequence[str]) -> Steps[None]:
        fields = {name: self._known(change, value) for name, value in change.wanted.items()}
        writes = change.action is not Action.FORGET
        if writes and (reason := self._boundary.violation(change, fields)):
            raise Problem(
                "GRD02",
                Phrase("{address}: refused, {reason}.", address=change.address, reason=reason),
                "nothing was written",
            )
        if change.address in self._lacking:
            licence = change.wanted["licence"]
            raise Problem(
                "M365-12",
                Phrase(
                    "{address}: no seat of licence {licence} is left; nothing was written.",
                    address=change.address,
                    licence=licence,
                ),
                Phrase("buy or free a seat of licence {licence}, then plan again", licence=licence),
            )
        self._recorder.begin(change)
        live = yield from self._write(change, fields)
        try:
            self._recorder.done(change, live, fields, time.monotonic() - began, requests)
        except Problem as problem:
            raise Unrecorded(change, problem) from None
        if live is not None:
            with self._lock:
                self._outputs[change.address] = live.referable

    def _write(self, change: Change, fields: Mapping[str, Value]) -> Steps[Live | None]:
        """What the world then shows; None when there is nothing any more."""
        if change.action is Action.FORGET:
            return None
        kind = KINDS[change.address.kind]
        changed = frozenset(field.name for field in change.fields if not kind.fields[field.name].ours)
        if change.action is Action.UPDATE and not changed:
            return change.before  # only the state has something to remember
        theirs = {name: value for name, value in fields.items() if not kind.fields[name].ours}
        outside = functools.partial(self._boundary.outside, change)
        order = Order(change.address, change.before, theirs, changed, outside)
        writer = self._providers[kind.provider].in_steps
        if change.action is Action.CREATE:
            return (yield from writer.create(order))
        if change.action is Action.DELETE:
            yield from writer.delete(order)
            return None
        return (yield from writer.update(order))

    def _failure(self, change: Change, problem: Problem, began: float, requests: Sequence[str]) -> Outcome:
        seconds = time.monotonic() - began
        if problem.code.startswith("STA"):
            # What cannot be journalled must not be written: nothing new is started.
            self._stop.set()
        else:
            try:
                self._recorder.failed(change, problem, seconds, requests)
            except Problem:
                self._stop.set()
        return Outcome(change, Result.FAILED, seconds, problem, written=isinstance(problem, Unrecorded))

    def _known(self, change: Change, value: Value | Reference) -> Value:
        if not isinstance(value, Reference):
            return value
        with self._lock:
            known = self._outputs.get(value.address, {}).get(value.output)
        if known is None:
            raise Problem(
                "APL01",
                Phrase(
                    "{address}: {value_address} does not tell its {output} yet.",
                    address=change.address,
                    value_address=value.address,
                    output=value.output,
                ),
                "run apply again in a few minutes",
            )
        return known


def _followed(steps: Steps[None], provider: Provider, requests: list[str]) -> Steps[None]:
    """The same steps, each followed in the thread that takes it."""
    go_on: Callable[[], Wait] = functools.partial(next, steps)
    while True:
        try:
            with provider.following(requests):
                wait = go_on()
        except StopIteration:
            return
        try:
            go_on = functools.partial(steps.send, (yield wait))
        except BaseException as error:
            go_on = functools.partial(steps.throw, error)


class Unrecorded(Problem):
    """The write was done, and its outcome could not be kept: the object is there as asked."""

    def __init__(self, change: Change, problem: Problem) -> None:
        message = Phrase(
            "{address}: the write was done, and that could not be recorded: {message}",
            address=change.address,
            message=problem.message,
        )
        super().__init__(
            problem.code, message, problem.hint or Phrase("make room; the next apply finds it by its mark")
        )


def unexpected(change: Change, error: Exception) -> Problem:
    """A failure nobody foresaw, said in one sentence; its type is named so that it can be reported."""
    return Problem(
        "APL09",
        Phrase("{address}: unexpected {name} while writing.", address=change.address, name=type(error).__name__),
        "run apply again; if it stays, report it with the run's journal",
    )
