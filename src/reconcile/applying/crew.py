"""Many works under way and few threads: what waits leaves its thread to others, and one thread waits for all."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime as dt
import heapq
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from reconcile.clock import Clock
from reconcile.steps import Steps, Wait

T = TypeVar("T")

#: Steps of one sort carried out at once: somewhat more than the most that any service answers at a time.
WORKERS = 48
#: Whoever waits for all looks up at whole multiples of so many seconds: a shorter wait may have begun meanwhile.
BEAT = 5.0


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Work(Generic[T]):
    steps: Steps[T]
    pool: concurrent.futures.Executor
    end: concurrent.futures.Future[T]


class Crew:
    """Carries works out in steps, each sort in threads of its own, so that none waits for another's. Left by whoever
    entered it once all works have ended. A clock that fails is an error of every work that waits for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pools: dict[str, concurrent.futures.ThreadPoolExecutor] = {}
        self._agenda: list[tuple[dt.datetime, int, _Work[object]]] = []
        self._numbers: Iterator[int] = itertools.count()
        self._changed = threading.Condition()
        self._ends: set[concurrent.futures.Future[object]] = set()
        self._over = False
        self._timekeeper = threading.Thread(target=self._keep_time, name="apply-time", daemon=True)

    def __enter__(self) -> Crew:
        self._timekeeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        concurrent.futures.wait(list(self._ends))
        with self._changed:
            self._over = True
            self._changed.notify_all()
        for pool in self._pools.values():
            pool.shutdown()
        self._timekeeper.join()

    def start(self, sort: str, steps: Steps[T]) -> concurrent.futures.Future[T]:
        """Begin a work; the future ends with it. Called by one thread alone."""
        if sort not in self._pools:
            self._pools[sort] = concurrent.futures.ThreadPoolExecutor(WORKERS, thread_name_prefix=f"apply-{sort}")
        work = _Work(steps, self._pools[sort], concurrent.futures.Future[T]())
        self._ends.add(work.end)  # type: ignore[arg-type]
        work.end.add_done_callback(self._ends.discard)
        work.pool.submit(self._step, work, lambda: next(work.steps))
        return work.end

    def _step(self, work: _Work[T], go_on: Callable[[], Wait]) -> None:
        try:
            wait = go_on()
        except StopIteration as end:
            work.end.set_result(end.value)
        except BaseException as error:
            work.end.set_exception(error)
        else:
            self._leave_waiting(work, wait)

    def _leave_waiting(self, work: _Work[T], wait: Wait) -> None:
        if isinstance(wait, concurrent.futures.Future):
            wait.add_done_callback(lambda _: self._resume(work, time.monotonic()))
            return
        with self._changed:
            heapq.heappush(self._agenda, (wait, next(self._numbers), work))  # type: ignore[misc]
            self._changed.notify_all()

    def _resume(self, work: _Work[T], ended: float) -> None:
        work.pool.submit(self._step, work, lambda: work.steps.send(ended))

    def _keep_time(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._agenda or self._over)
                if not self._agenda:
                    return
                first = self._agenda[0][0]
            try:
                now = self._wait_towards(first)
            except Exception as error:
                self._fail(error)
                continue
            ended = time.monotonic()
            for work in self._due(now):
                self._resume(work, ended)

    def _wait_towards(self, moment: dt.datetime) -> dt.datetime:
        now = self._clock.now()
        left = (moment - now).total_seconds()
        if left <= 0:
            return now
        beat = BEAT - now.timestamp() % BEAT
        self._clock.sleep(min(left, beat))
        return self._clock.now()

    def _due(self, now: dt.datetime) -> Iterator[_Work[object]]:
        with self._changed:
            while self._agenda and self._agenda[0][0] <= now:
                yield heapq.heappop(self._agenda)[2]

    def _fail(self, error: Exception) -> None:
        with self._changed:
            waiting, self._agenda = [work for _, _, work in self._agenda], []
        for work in waiting:
            work.pool.submit(self._step, work, lambda steps=work.steps: steps.throw(error))
