"""A command of the postmaster's own, run without a shell: what it is told on standard input, and what it answers."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

from reconcile.language.phrase import Phrase

_LARGEST = 10_000_000


class CommandFailed(Exception):
    """``why``: the end of a sentence for the postmaster."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def answer_of(words: Sequence[str], question: bytes, environment: Mapping[str, str], timeout: float) -> bytes:
    """Its standard output, in at most ``timeout`` seconds. Raises CommandFailed; what it started ends with it."""
    try:
        running = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment),
            start_new_session=True,  # what it started ends with it
        )
    except OSError as error:
        raise CommandFailed(error.strerror or Phrase("it cannot be started")) from None
    with running:
        try:
            answer, last = running.communicate(question, timeout=timeout)
        except BaseException as stop:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.pid, signal.SIGKILL)
            if isinstance(stop, subprocess.TimeoutExpired):
                raise CommandFailed(Phrase("it has not answered after {timeout:g} seconds", timeout=timeout)) from None
            raise
    if running.returncode:
        said = last.decode(errors="replace").strip().splitlines()
        told = f": {said[-1][:200]}" if said else ""
        raise CommandFailed(Phrase("it ended with {number}{told}", number=running.returncode, told=told))
    if len(answer) > _LARGEST:
        raise CommandFailed(Phrase("its answer is larger than 10 MB"))
    return answer
