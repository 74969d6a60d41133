"""The connections of one attempt: opened side by side, all closed at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

from reconcile.mailcopy.imap.reading import never
from reconcile.mailcopy.imap.session import Endpoint, Session, connect

SessionPair = tuple[Session, Session]
A = TypeVar("A")
B = TypeVar("B")


class Connections:
    """Enter it to open pairs of connections; leaving logs them out, or hangs up when an exception ends the attempt."""

    def __init__(self, source: Endpoint, destination: Endpoint, stop: Callable[[], bool] = never) -> None:
        self._stop = stop
        self._endpoints = (source, destination)
        self._opened: list[Session] = []
        self._pool = ThreadPoolExecutor(2 * min(source.connections, destination.connections))

    def __enter__(self) -> Connections:
        return self

    def pair(self) -> SessionPair:
        """One connection to each side. Raises what ``connect`` raises, for the source first."""
        source, destination = [self._pool.submit(self._open, end) for end in self._endpoints]
        return source.result(), destination.result()

    def more(self, pairs: int) -> Sequence[Future[SessionPair]]:
        """So many further pairs, on their way."""
        return [self._pool.submit(self._one_after_the_other) for _ in range(pairs)]

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        for session in self._opened:
            session.log_out() if kind is None else session.close()

    def _one_after_the_other(self) -> SessionPair:
        return self._open(self._endpoints[0]), self._open(self._endpoints[1])

    def _open(self, end: Endpoint) -> Session:
        session = connect(end, self._stop)
        self._opened.append(session)
        return session


def both_at_once(one: Callable[[], A], other: Callable[[], B]) -> tuple[A, B]:
    """Ask two servers at the same time."""
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(other)
        first = one()
        return first, second.result()
