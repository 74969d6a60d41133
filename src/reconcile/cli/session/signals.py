"""How a long command is stopped, and how it goes on output when nobody listens any more."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

from reconcile.cli.session.exits import INTERRUPTED

Told = TypeVar("Told")


@contextlib.contextmanager
def graceful_shutdown(stop: Callable[[], None]) -> Iterator[list[int]]:
    """The first Ctrl-C, SIGTERM or lost terminal calls ``stop``; another Ctrl-C or SIGTERM leaves at once.

    A terminal that goes may be told twice, by the kernel and by the shell. Under nohup it is not heard at all. The list
    holds the signals received; whoever leaves this with one in it has been stopped.

    ``stop`` is called in a thread of its own: a handler runs in the middle of whatever the main thread does, and may
    not take a lock that this holds, be it an Event's or a console's.
    """
    received: list[int] = []
    heard, hear_in = os.pipe()

    def hear(number: int, _frame: FrameType | None) -> None:
        if received and number != signal.SIGHUP:
            os._exit(INTERRUPTED)
        if not received:
            os.write(hear_in, b"!")
        received.append(number)

    def pass_on() -> None:
        if os.read(heard, 1):
            stop()

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    listener = threading.Thread(target=pass_on, name="signals", daemon=True)
    listener.start()
    former = {number: signal.signal(number, hear) for number in numbers}
    try:
        yield received
    finally:
        for number, action in former.items():
            signal.signal(number, action)
        os.close(hear_in)
        listener.join()
        os.close(heard)


def ignoring_closed_output(tell: Callable[[Told], None]) -> Callable[[Told], None]:
    """``tell``, until it cannot be heard: a closed pipe, a lost terminal or a full disk ends only the output."""
    gone = False

    def said(what: Told) -> None:
        nonlocal gone
        if gone:
            return
        try:
            tell(what)
        except (OSError, SystemExit):  # rich leaves by SystemExit when its pipe is closed
            gone = True

    return said
