"""Handing over by a command of the postmaster's own: JSON in, JSON out, for hosts nothing else here knows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.handover.driver import Shown
from reconcile.providers.legacy.own_command import CommandFailed, answer_of
from reconcile.strict_json import read_json

#: The version of what is said to the command and expected from it.
FORMAT = 1


class HandoverCommand:
    """``words``: the program and its arguments. It is told on standard input

        {"format": 1, "action": "hand_over", "federation": "spf55", "domains": ["spf55.org"]}

    where ``action`` is hand_over, take_back or show, and answers which of these domains the host sends on now, and the
    addresses it redirected before: {"format": 1, "handed_over": ["spf55.org"], "redirections": ["bureau@spf55.org"]}.
    """

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], timeout: float) -> None:
        self._words = tuple(words)
        self._environment = environment
        self._timeout = timeout

    def shown(self, federation: str, domains: Sequence[str]) -> Shown:
        """Raises Problem HOV13 when the command fails, or answers something else."""
        over, _ = self._told("show", federation, domains)
        return Shown(over, bool(over))

    def hand_over(self, federation: str, domains: Sequence[str]) -> None:
        """Raises Problem HOV13, also when it says afterwards that one of them is not handed over."""
        over, _ = self._told("hand_over", federation, domains)
        if left := sorted(set(domains) - over):
            raise self._failed(Phrase("it says that {left} is not handed over", left=left[0]))

    def take_back(self, federation: str, domains: Sequence[str]) -> None:
        """Raises Problem HOV13, also when it says afterwards that one of them is still handed over."""
        over, _ = self._told("take_back", federation, domains)
        if over:
            raise self._failed(Phrase("it says that {min} is still handed over", min=min(over)))

    def redirections(self, federation: str) -> tuple[str, ...]:
        return self._told("show", federation, ())[1]

    def _told(self, action: str, federation: str, domains: Sequence[str]) -> tuple[frozenset[str], tuple[str, ...]]:
        question = {"format": FORMAT, "action": action, "federation": federation, "domains": list(domains)}
        try:
            answer = read_json(answer_of(self._words, json.dumps(question).encode(), self._environment, self._timeout))
            over, redirected = answer["handed_over"], answer.get("redirections", [])
            if answer["format"] != FORMAT or not all(isinstance(one, str) for one in [*over, *redirected]):
                raise TypeError
        except CommandFailed as failed:
            raise self._failed(failed.why) from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise self._failed(Phrase("its answer is not as docs/handover.md says")) from None
        if strange := sorted(set(over) - set(domains)):
            raise self._failed(Phrase("it speaks of {strange!r}, which it was not asked about", strange=strange[0]))
        return frozenset(over), tuple(redirected)

    def _failed(self, why: str) -> Problem:
        hint = "what it is told and must answer: docs/handover.md"
        return Problem(
            "HOV13", Phrase("The handover command {name} failed: {why}.", name=Path(self._words[0]).name, why=why), hint
        )
