"""Wait for a moment inside a command, interruptible: pipelines start early or late, the calendar does not move."""

from __future__ import annotations

import datetime as dt
import threading

from reconcile.cli.session.session import Session
from reconcile.cli.session.signals import graceful_shutdown
from reconcile.language.phrase import Phrase

#: Seconds between two looks at the clock: so long a signal waits to be heard, at most. The sandbox's clock is moved,
#: not waited for.
_SLICE, _VIRTUAL_SLICE = 2.0, 3600.0


def wait_until(session: Session, moment: dt.datetime, what: str) -> bool:
    """Wait, told in words; whether the moment came (False: somebody asked to stop first). A moment that has passed is
    not waited for."""
    from reconcile.language.moments import duration
    from reconcile.language.moments import moment as said

    left = (moment - session.clock.now()).total_seconds()
    if left <= 0:
        return True
    stop = threading.Event()
    with graceful_shutdown(stop.set):
        session.warn(
            Phrase(
                "Waiting for {what}, until {moment} ({left}).",
                what=what,
                moment=said(moment, session.zone),
                left=duration(left),
            )
        )
        while not stop.is_set():
            left = (moment - session.clock.now()).total_seconds()
            if left <= 0:
                return True
            if session.sandbox:
                session.clock.sleep(min(left, _VIRTUAL_SLICE))
            else:
                stop.wait(min(left, _SLICE))
    session.warn("Interrupted while waiting: nothing was done.")
    return False
