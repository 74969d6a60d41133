"""The way back: what arrived in the new mailbox of a copy goes into its old one, pass by pass."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.mailcopy.ledger.ledger import LeaseLost
from reconcile.mailcopy.queue.endpoints import Endpoints
from reconcile.mailcopy.queue.jobs import Job
from reconcile.mailcopy.queue.location import Location
from reconcile.mailcopy.report import Progress, Report
from reconcile.mailcopy.reverse import copy_back
from reconcile.problem import Problem


def back_pass(
    location: Location,
    job: Job,
    endpoints: Endpoints,
    clock: Clock,
    *,
    stop: Callable[[], bool] = lambda: False,
    watch: Callable[[Progress], None] = lambda _: None,
) -> Report:
    """``job``: one that goes back. Raises ``Problem`` RBK01 when the copy it goes back on is not listed or not held: it
    would bring to the new mailbox what has just come from there; and what ``copy_back`` raises."""
    forth = location.jobs.find(job.forth)
    if forth is None or forth.state != "paused":
        state = forth.state if forth else "not listed"
        hint = "reconcile copy pause it, then: reconcile copy retry"
        raise Problem(
            "RBK01", Phrase("{forth} is {state}, and nothing comes back beside it.", forth=job.forth, state=state), hint
        )
    with contextlib.ExitStack() as opened:
        forward, backward = (opened.enter_context(contextlib.closing(location.ledger(one))) for one in (forth, job))
        return copy_back(endpoints.destination, endpoints.source, forward, backward, clock, stop=stop, watch=watch)


@dataclasses.dataclass(frozen=True, slots=True)
class WaysBack:
    """Those of one worker. It notes by ``calendar`` when mail was last looked for, and last found: a way back ends only
    once nothing comes any more."""

    location: Location
    worker: str
    calendar: Clock

    def given_a_pass(
        self,
        job: Job,
        endpoints: Endpoints,
        clock: Clock,
        stop: Callable[[], bool],
        watch: Callable[[Progress], None],
    ) -> Report:
        """Raises what ``back_pass`` raises, and ``LeaseLost``."""
        began, found = self.calendar.now().timestamp(), False

        def watched(progress: Progress) -> None:
            nonlocal found
            if not found and progress.messages > job.messages:
                self._found(job)
                found = True
            watch(progress)

        report = back_pass(self.location, job, endpoints, clock, stop=stop, watch=watched)
        if report.already + report.adopted + report.copied > job.messages:
            self._found(job)
        if not report.left and not self.location.jobs.looked(job, self.worker, began):
            raise LeaseLost
        return report

    def _found(self, job: Job) -> None:
        if not self.location.jobs.brought(job, self.worker, self.calendar.now().timestamp()):
            raise LeaseLost


def way_back(job: Job) -> Job:
    """The job that goes back on a copy, as it would be listed."""
    return dataclasses.replace(job, key=job.key.replace("/copy/", "/copy_back/", 1))
