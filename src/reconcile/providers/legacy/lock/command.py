"""Locking by a command of the postmaster's own: JSON in, JSON out, for hosts nothing else here knows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.own_command import CommandFailed, answer_of
from reconcile.strict_json import read_json

#: The version of what is said to the command and expected from it.
FORMAT = 1


class LockCommand:
    """``words``: the program and its arguments, run without a shell. It is told on standard input

        {"format": 1, "action": "lock", "federation": "spf55", "logins": ["k0412"]}

    where ``action`` is lock, unlock or show, and answers on standard output, in at most ``timeout`` seconds, which of
    these logins are locked now: {"format": 1, "locked": ["k0412"]}.
    """

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], timeout: float) -> None:
        self._words = tuple(words)
        self._environment = environment
        self._timeout = timeout

    def locked(self, federation: str, logins: Sequence[str]) -> frozenset[str]:
        """Raises Problem LCK13 when the command fails, or answers something else."""
        return self._told("show", federation, logins)

    def lock(self, federation: str, logins: Sequence[str]) -> None:
        """Raises Problem LCK13, also when it says afterwards that one of them is not locked."""
        if left := sorted(set(logins) - self._told("lock", federation, logins)):
            raise self._failed(Phrase("it says that {left} is not locked", left=", ".join(left[:3])))

    def unlock(self, federation: str, logins: Sequence[str]) -> None:
        """Raises Problem LCK13, also when it says afterwards that one of them is still locked."""
        if left := sorted(self._told("unlock", federation, logins)):
            raise self._failed(Phrase("it says that {left} is still locked", left=", ".join(left[:3])))

    def release(self, federation: str, logins: Sequence[str]) -> None:
        """As ``unlock``: it is told which."""
        self.unlock(federation, logins)

    def _told(self, action: str, federation: str, logins: Sequence[str]) -> frozenset[str]:
        question = {"format": FORMAT, "action": action, "federation": federation, "logins": list(logins)}
        text = self._answer(json.dumps(question).encode())
        try:
            answer = read_json(text)
            if answer["format"] != FORMAT or not all(isinstance(one, str) for one in answer["locked"]):
                raise TypeError
            named = frozenset(answer["locked"])
        except (ValueError, TypeError, KeyError, RecursionError):
            raise self._failed(Phrase("its answer is not as docs/lock.md says")) from None
        if strange := sorted(named - set(logins)):
            raise self._failed(Phrase("it speaks of {strange!r}, which it was not asked about", strange=strange[0]))
        return named

    def _answer(self, question: bytes) -> bytes:
        try:
            return answer_of(self._words, question, self._environment, self._timeout)
        except CommandFailed as failed:
            raise self._failed(failed.why) from None

    def _failed(self, why: str) -> Problem:
        hint = "what it is told and must answer: docs/lock.md"
        return Problem(
            "LCK13", Phrase("The lock command {name} failed: {why}.", name=Path(self._words[0]).name, why=why), hint
        )
