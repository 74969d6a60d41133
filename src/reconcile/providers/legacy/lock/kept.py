"""What a lock by SQL changes, as it was: sealed with age before anything is changed, gone once it is put back."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote, unquote

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.providers.legacy.database import Values
from reconcile.state import age
from reconcile.state.durable import PRIVATE_FILE, private_folder, read_own, replace_file
from reconcile.strict_json import read_json


class Kept:
    """``folder/<federation>/<host>/<login>.age``, one file a login, sealed to the vault's keys (docs/passwords.md).

    ``identity`` gives the private
    key, when something is opened.
    """

    def __init__(self, folder: Path, host: str, seal_to: Sequence[str], identity: Callable[[], str]) -> None:
        self._folder = folder
        self._host = host
        self._seal_to = seal_to
        self._identity = identity

    def has(self, federation: str, login: str) -> bool:
        return self._file(federation, login).exists()

    def logins(self, federation: str) -> list[str]:
        """Those of which something is kept."""
        return sorted(unquote(file.stem) for file in self._file(federation, "").parent.glob("*.age"))

    def keep(self, federation: str, login: str, values: Values) -> None:
        """Durable when it returns. Raises Problem LCK12: no key to seal to, or no room."""
        import pyrage

        if not self._seal_to:
            raise Problem("LCK12", "What the lock changes cannot be sealed: there is no key.", "[passwords] seal_to")
        recipients = [age.recipient(text, "LCK12", "seal_to of [passwords]") for text in self._seal_to]
        file = self._file(federation, login)
        try:
            private_folder(file.parent)
            replace_file(file, pyrage.encrypt(json.dumps(dict(values)).encode(), recipients), PRIVATE_FILE)
        except (Problem, OSError) as error:
            why = (
                error.message
                if isinstance(error, Problem)
                else Phrase("{file}: {strerror}.", file=file, strerror=error.strerror)
            )
            raise Problem(
                "LCK12", Phrase("What the lock changes cannot be kept: {why}", why=why), "nothing was locked"
            ) from None

    def opened(self, federation: str, login: str) -> Values:
        """Raises Problem LCK12 when it is gone, or does not open."""
        import pyrage

        file = self._file(federation, login)
        keys = age.identities(self._identity(), "LCK12", "RECONCILE_VAULT_IDENTITY")
        try:
            values = read_json(pyrage.decrypt(read_own(file), keys))
        except (OSError, pyrage.DecryptError, ValueError):
            hint = "the old host's administrator puts it back, then removes nothing here: unlock again"
            raise Problem(
                "LCK12",
                Phrase("What {login} had before the lock cannot be read from {file}.", login=login, file=file),
                hint,
            ) from None
        if not isinstance(values, dict):
            raise Problem("LCK12", Phrase("{file} does not hold what a lock kept.", file=file), "put the file back")
        return values

    def forget(self, federation: str, login: str) -> None:
        self._file(federation, login).unlink(missing_ok=True)

    def _file(self, federation: str, login: str) -> Path:
        return self._folder / quote(federation, safe="") / quote(self._host, safe="") / f"{quote(login, safe='@')}.age"
