"""A process that stands until it is told to stop."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable


def told_to_stop() -> Callable[[], None]:
    """From now on SIGTERM, SIGINT and SIGHUP end nothing by themselves; what is returned waits until one has come.

    They come through a pipe: a handler that sets an Event waits for ever if it interrupts the thread that looks at it.
    """
    told, tell = os.pipe()
    os.set_blocking(tell, False)

    def hear(*_: object) -> None:
        with contextlib.suppress(BlockingIOError):  # told so often that it is known
            os.write(tell, b"!")

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, hear)

    def wait() -> None:
        os.read(told, 1)

    return wait
