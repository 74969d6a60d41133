"""The letter book: every sending of every letter of a federation, written down before it is tried.

``<folder>/<federation>.jsonl``, append-only and fsynced. A line is *begun* before anything leaves this machine,
*committed* just before the point from which nobody can take it back, then *sent* or *unsent*. What a crash leaves open
is settled by looking for the letter (``settling``), never by sending again blindly.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.durable import append_line, files_in, read_own, unreadable
from reconcile.strict_json import read_json

_SLUG = re.compile("[a-z0-9][a-z0-9-]*")


@dataclasses.dataclass(frozen=True, slots=True)
class Sending:
    """One sending of one letter. ``known_as``: the Message-ID under which it can be found, once it was committed.

    ``sent``: when it left. ``failed``: why it surely did not. ``bounced``: what the recipient's side answered.
    """

    letter: str
    to: str
    day: str
    attempt: int
    message_id: str
    begun: dt.datetime
    committed: dt.datetime | None = None
    known_as: str = ""
    sent: dt.datetime | None = None
    failed: str = ""
    bounced: str = ""

    @property
    def unsure(self) -> bool:
        """Whether it may have left and nobody knows."""
        return self.committed is not None and self.sent is None and not self.failed


@dataclasses.dataclass(frozen=True, slots=True)
class Letters:
    """What the book says of one federation: by letter, its sendings, oldest first; and the number its next one has,
    which grows when somebody asks for it again."""

    sendings: Mapping[str, tuple[Sending, ...]] = dataclasses.field(default_factory=dict)
    attempts: Mapping[str, int] = dataclasses.field(default_factory=dict)

    def last(self, letter: str) -> Sending | None:
        """The newest sending that left or may have."""
        found = [one for one in self.sendings.get(letter, ()) if one.sent or one.unsure]
        return found[-1] if found else None

    def last_sent(self, letter: str) -> Sending | None:
        found = [one for one in self.sendings.get(letter, ()) if one.sent]
        return found[-1] if found else None

    def attempt(self, letter: str) -> int:
        return self.attempts.get(letter, 1)


class LetterBook:
    """The books under ``folder``; those of the sandbox bear it in their name. Thread-safe."""

    def __init__(self, folder: Path, clock: Clock, *, sandbox: bool = False) -> None:
        self._folder = folder
        self._clock = clock
        self._suffix = ".sandbox.jsonl" if sandbox else ".jsonl"
        self._lock = threading.Lock()

    def federations(self) -> list[str]:
        """Those that have a book here. Raises ``Problem`` STA06 when the folder cannot be listed."""
        names = (path.name.removesuffix(self._suffix) for path in files_in(self._folder, self._suffix))
        return [name for name in names if _SLUG.fullmatch(name)]

    def read(self, federation: str) -> Letters:
        """Raises ``Problem`` LET03 when a line is damaged, STA06 when the file cannot be read."""
        path = self._of(federation)
        try:
            lines = read_own(path).split(b"\n")
        except FileNotFoundError:
            return Letters()
        except OSError as error:
            raise unreadable(path, error) from None
        sendings: dict[str, dict[str, Sending]] = {}
        attempts: dict[str, int] = {}
        for number, line in enumerate(lines[:-1], 1):  # what follows the last newline is the half of one that was cut
            try:
                _take(read_json(line), sendings, attempts)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                hint = "restore the file from the repository's history; without it letters could be sent twice"
                raise Problem(
                    "LET03", Phrase("{path}:{number} is no line of a letter book.", path=path, number=number), hint
                ) from None
        return Letters({letter: tuple(ones.values()) for letter, ones in sendings.items()}, attempts)

    def begun(self, federation: str, sending: Sending) -> None:
        """Each of these raises ``Problem`` STA01 or STA06 when it cannot be written down: then nothing is sent."""
        told = {"letter": sending.letter, "to": sending.to, "day": sending.day, "attempt": sending.attempt}
        self._append(federation, {"event": "begun", "id": sending.message_id, **told})

    def committed(self, federation: str, message_id: str, known_as: str) -> None:
        self._append(federation, {"event": "committed", "id": message_id, "known_as": known_as})

    def sent(self, federation: str, message_id: str) -> None:
        self._append(federation, {"event": "sent", "id": message_id})

    def unsent(self, federation: str, message_id: str, why: str) -> None:
        self._append(federation, {"event": "unsent", "id": message_id, "why": why})

    def bounced(self, federation: str, message_id: str, why: str) -> None:
        self._append(federation, {"event": "bounced", "id": message_id, "why": why})

    def again(self, federation: str, letter: str, attempt: int) -> None:
        """Somebody asked to have it sent once more, as a letter of its own."""
        self._append(federation, {"event": "again", "letter": letter, "attempt": attempt})

    def _append(self, federation: str, line: Mapping[str, Any]) -> None:
        path = self._of(federation)
        at = self._clock.now().isoformat(timespec="seconds")
        octets = (json.dumps({"at": at, **line}, ensure_ascii=False, separators=(",", ":")) + "\n").encode()
        with self._lock:
            append_line(path, octets)

    def _of(self, federation: str) -> Path:
        if not _SLUG.fullmatch(federation):
            raise ValueError(f"{federation!r} is no federation's name")
        return self._folder / f"{federation}{self._suffix}"


def _take(line: Mapping[str, Any], sendings: dict[str, dict[str, Sending]], attempts: dict[str, int]) -> None:
    """Replay one line."""
    at = dt.datetime.fromisoformat(line["at"])
    if at.tzinfo is None:
        raise ValueError(line["at"])
    match line["event"]:
        case "again":
            attempts[str(line["letter"])] = int(line["attempt"])
        case "begun":
            letter, key = str(line["letter"]), str(line["id"])
            ones = sendings.setdefault(letter, {})
            # Tried again after a crash, it is the same sending; it goes to the end, as the newest.
            ones.pop(key, None)
            ones[key] = Sending(letter, str(line["to"]), str(line["day"]), int(line["attempt"]), key, at)
        case event:
            ones = next(ones for ones in sendings.values() if line["id"] in ones)
            ones[line["id"]] = _after(ones[line["id"]], str(event), line, at)


def _after(sending: Sending, event: str, line: Mapping[str, Any], at: dt.datetime) -> Sending:
    match event:
        case "committed":
            return dataclasses.replace(sending, committed=at, known_as=str(line["known_as"]), failed="")
        case "sent":
            return dataclasses.replace(sending, sent=at, failed="")
        case "unsent":
            return dataclasses.replace(sending, failed=str(line["why"]) or "it did not leave")
        case "bounced":
            return dataclasses.replace(sending, bounced=str(line["why"]))
    raise ValueError(event)
