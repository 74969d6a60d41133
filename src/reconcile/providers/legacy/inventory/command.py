"""An inventory from a command of the postmaster's own: JSON in, JSON out, for hosts nothing else here knows."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reconcile.config.inventory.inventory import ASPECTS, Aspect
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.inventory.contract import Found, Reading, Scope
from reconcile.providers.legacy.inventory.rows import found_in
from reconcile.strict_json import read_json

#: The version of what is said to the command and expected from it.
FORMAT = 1

_LARGEST = 100_000_000


class Command:
    """``words``: the program and its arguments, run without a shell. It is told on standard input

        {"format": 1, "domains": ["spf55.org"], "logins": {"k0412": "camille.dupont@spf55.org"}}

    and answers on standard output, in at most ``timeout`` seconds

        {"format": 1, "complete": ["mailboxes"], "unknown": {"aliases": "why"}, "addresses": [{"address": …}, …]}

    with the keys of an address as in the inventory itself (docs/inventory.md).
    """

    name = "command"

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], timeout: float) -> None:
        self._words = tuple(words)
        self._environment = environment
        self._timeout = timeout

    def read(self, scope: Scope) -> Reading:
        """Raises Problem INV12 when the command fails, or answers something else."""
        answer = self._answer(scope)
        try:
            if answer["format"] != FORMAT:
                raise self._failed(
                    Phrase(
                        "it answers in format {format!r}, and {format2} is understood",
                        format=answer["format"],
                        format2=FORMAT,
                    )
                )
            rows = [row for row in answer["addresses"] if isinstance(row, dict)]
            complete, unknown = answer.get("complete", []), answer.get("unknown", {})
            covers = frozenset[Aspect](aspect for aspect in ASPECTS if aspect in complete)
            troubles: dict[Aspect, str] = {
                aspect: str(unknown[aspect])[:200] for aspect in ASPECTS if aspect in unknown
            }
        except (KeyError, TypeError, AttributeError):
            raise self._failed(Phrase("its answer lacks format, or addresses as a list")) from None
        if lost := len(answer["addresses"]) - sum(found_in(row) is not None for row in rows):
            troubles.setdefault("mailboxes", Phrase("{number} of its addresses are malformed", number=lost))
        return Reading(tuple(_in_scope(rows, scope)), covers, troubles)

    def _answer(self, scope: Scope) -> Any:
        question = json.dumps({"format": FORMAT, "domains": scope.domains, "logins": dict(scope.logins)})
        ended = self._ended(question.encode())
        if ended.returncode:
            words = ended.stderr.decode(errors="replace").strip().splitlines()
            raise self._failed(_ended_with(ended.returncode, words))
        if len(ended.stdout) > _LARGEST:
            raise self._failed(Phrase("its answer is larger than 100 MB"))
        try:
            return read_json(ended.stdout)
        except ValueError:
            raise self._failed(Phrase("its answer is no JSON")) from None

    def _ended(self, question: bytes) -> subprocess.CompletedProcess[bytes]:
        """The command once it ended, in a group of its own so that what it started ends with it."""
        try:
            running = subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(self._environment),
                start_new_session=True,
            )
        except OSError as error:
            raise self._failed(error.strerror or Phrase("it cannot be started")) from None
        with running:
            try:
                answer, words = running.communicate(question, timeout=self._timeout)
            except BaseException as stop:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(running.pid, signal.SIGKILL)
                if isinstance(stop, subprocess.TimeoutExpired):
                    raise self._failed(
                        Phrase("it has not answered after {timeout:g} seconds", timeout=self._timeout)
                    ) from None
                raise
        return subprocess.CompletedProcess(self._words, running.returncode, answer, words)

    def _failed(self, why: str) -> Problem:
        hint = "what it is told and must answer: docs/inventory.md"
        return Problem(
            "INV12",
            Phrase("The command {name} lists no address: {why}.", name=Path(self._words[0]).name, why=why),
            hint,
        )


def _in_scope(rows: Sequence[Mapping[str, object]], scope: Scope) -> list[Found]:
    found = (found_in(row) for row in rows)
    return [one for one in found if one is not None and (not one.address or scope.has(one.address))]


def _ended_with(number: int, words: Sequence[str]) -> Phrase:
    told = Phrase("it ended with {number}", number=number)
    return Phrase("{told}: {said}", told=told, said=words[-1][:200]) if words else told
