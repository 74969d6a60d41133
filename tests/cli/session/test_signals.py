"""How long commands are stopped by those who started them, and by terminals that go."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from reconcile.cli.session.signals import graceful_shutdown, ignoring_closed_output


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Whatever a test does to the signals of this process ends with it; nohup, before it, is not heard of."""
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    for number, action in former.items():
        signal.signal(number, action)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_stops_gently_and_the_former_handler_comes_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    stopped: list[str] = []
    with graceful_shutdown(lambda: stopped.append("stop")) as received:
        os.kill(os.getpid(), number)
    assert stopped == ["stop"]
    assert received == [number]
    assert signal.getsignal(number) is before


def test_a_lock_that_stopping_takes_may_be_held_when_the_signal_comes() -> None:
    lock, stopped = threading.Lock(), []

    def stop() -> None:
        if lock.acquire(timeout=5):
            stopped.append("stop")

    with graceful_shutdown(stop), lock:
        os.kill(os.getpid(), signal.SIGTERM)
    assert stopped == ["stop"]


def test_a_terminal_that_goes_may_be_told_twice() -> None:
    with graceful_shutdown(lambda: None) as received:
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGHUP)  # else the process were gone by now
    assert len(received) == 2


def test_under_nohup_a_terminal_may_go() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with graceful_shutdown(lambda: None) as received:
        os.kill(os.getpid(), signal.SIGHUP)
    assert received == []


@pytest.mark.parametrize("leaving", [BrokenPipeError(), OSError(5, "Input/output error"), SystemExit(1)])
def test_once_it_cannot_be_heard_nothing_more_is_told(leaving: BaseException) -> None:
    told: list[str] = []

    def tell(what: str) -> None:
        told.append(what)
        if what == "two":
            raise leaving

    say = ignoring_closed_output(tell)
    for what in ("one", "two", "three"):
        say(what)
    assert told == ["one", "two"]
