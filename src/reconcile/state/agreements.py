"""For which date each federation confirmed: ``spfstate/agreements/<slug>.json``. A file names the day of the agreement,
and somebody who changes its date by hand may leave that as it is."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state.durable import keep_private, unreadable
from reconcile.strict_json import read_json

#: The version of these files' format.
FORMAT = 1


@dataclasses.dataclass(frozen=True, slots=True)
class Agreement:
    """``confirmed``: the day, as the file says. ``date``: what the file's date was when that was first seen."""

    confirmed: dt.date
    date: dt.date


class AgreementFolder:
    """The agreements under ``folder``; the sandbox's bear it in their name, and no world sees the other's."""

    def __init__(self, folder: Path, *, sandbox: bool = False) -> None:
        self._folder = folder
        self._suffix = ".sandbox.json" if sandbox else ".json"

    def note(self, federation: str, confirmed: dt.date | None, date: dt.date | None) -> None:
        """Keep an agreement that is new; one whose date has moved since stays as it was, and ends when the file
        confirms nothing any more. Raises Problem STA01 or STA06."""
        path = self._of(federation)
        if confirmed is None or date is None:
            path.unlink(missing_ok=True)
            return
        try:
            known = self.read(federation)
        except Problem:
            return  # its gate says so; what it held is not guessed
        if known is None or known.confirmed != confirmed:
            document = {"format": FORMAT, "confirmed": confirmed.isoformat(), "date": date.isoformat()}
            keep_private(path, (json.dumps(document, indent=1, sort_keys=True) + "\n").encode())

    def read(self, federation: str) -> Agreement | None:
        """None without any. Raises Problem STA20 when its file is damaged, STA06 when it cannot be read."""
        path = self._of(federation)
        try:
            document: Any = read_json(path.read_bytes())
            if document["format"] != FORMAT:
                raise ValueError
            return Agreement(*(dt.date.fromisoformat(document[key]) for key in ("confirmed", "date")))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unreadable(path, error) from None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            hint = Phrase("move it away: the date of the file counts as the one that was confirmed")
            raise Problem("STA20", Phrase("{path} is no agreement this version can read.", path=path), hint) from None

    def read_all(self, federations: Iterable[str]) -> Mapping[str, Agreement | Problem]:
        """The agreement of each federation that has one, or why it cannot be told."""
        found: dict[str, Agreement | Problem] = {}
        for federation in federations:
            try:
                if (agreement := self.read(federation)) is not None:
                    found[federation] = agreement
            except Problem as problem:
                found[federation] = problem
        return found

    def _of(self, federation: str) -> Path:
        return self._folder / f"{federation}{self._suffix}"
