"""The vault: every first password, sealed with age to the network's keys, a file for each.

``<folder>/<federation>/<address>/<entry>.age`` holds JSON that Debian's ``age -d`` opens: whose it is and the password.
An entry is never changed. The account itself names, in an attribute, the entry that opens it, so that a crash between
sealing and creating leaves nothing to guess: an entry no account names opens nothing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, unquote

from reconcile.clock import Clock
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.state import age
from reconcile.state.durable import (
    PRIVATE_FILE,
    fsync_folder,
    private_folder,
    read_own,
    replace_file,
    unreadable,
    unwritable,
)
from reconcile.strict_json import read_json

#: The settings that hold the keys, as messages name them.
_KEYS, _IDENTITY = Phrase("seal_to of [passwords]"), "RECONCILE_VAULT_IDENTITY"
_ENTRY = re.compile("[0-9a-f]{16}")


@dataclasses.dataclass(frozen=True, slots=True)
class Sealed:
    """A password that is in the vault, for whoever sets it on an account. ``entry``: its name there, no secret."""

    entry: str
    password: str = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """What the vault shows of one password without being opened."""

    federation: str
    address: str
    entry: str
    sealed: dt.datetime


class Vault:
    """Seals for whoever holds the private keys; opens with one of them. Thread-safe: no two entries share a file."""

    def __init__(
        self,
        folder: Path,
        recipients: Sequence[str],
        identity: Callable[[], str],
        draw: Callable[[int], int],
        clock: Clock,
    ) -> None:
        """``recipients``: public keys. ``identity``: answers the private ones, asked when something is opened."""
        self._folder = folder
        self._recipients = recipients
        self._identity = identity
        self._draw = draw
        self._clock = clock

    def seal(self, federation: str, address: str, password: str) -> Sealed:
        """Put the password in the vault, durably. Raises ``Problem`` SEC01 without a key to seal to, SEC02 for one that
        is none, STA01 or STA06 when it cannot be written: then it must not be used."""
        import pyrage

        if not self._recipients:
            raise Problem(
                "SEC01",
                Phrase(
                    "{address}: reconcile.toml names no key to seal its first password to; nothing was created.",
                    address=address,
                ),
                "make a key (age-keygen) and write its public half under [passwords] seal_to",
            )
        keys = [age.recipient(text, "SEC02", _KEYS) for text in self._recipients]
        entry = f"{self._draw(1 << 64):016x}"
        content = {
            "federation": federation,
            "address": address,
            "entry": entry,
            "sealed": self._clock.now().isoformat(timespec="seconds"),
            "password": password,
        }
        file = self._file(federation, address, entry)
        try:
            private_folder(file.parent)
            for folder in (file.parent.parent, file.parent.parent.parent):
                fsync_folder(folder)
        except OSError as error:
            raise unwritable(file, error) from None
        sealed = pyrage.encrypt(json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n", keys)
        replace_file(file, sealed, PRIVATE_FILE)
        return Sealed(entry, password)

    def open(self, federation: str, address: str, entry: str) -> str | None:
        """The password of that entry; None when the vault does not hold it.

        Raises ``Problem`` SEC04 when the identity does not open it, SEC05 when it is not what its name says.
        """
        import pyrage

        if not _ENTRY.fullmatch(entry):
            return None
        # Somebody renamed keeps the password that was sealed under the former address.
        file = next((self._folder / federation).glob(f"*/{entry}.age"), self._file(federation, address, entry))
        try:
            sealed = read_own(file)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unreadable(file, error) from None
        keys = age.identities(self._identity(), "SEC04", _IDENTITY)
        try:
            content = read_json(pyrage.decrypt(sealed, keys))
            named = [content[name] for name in ("federation", "entry")]
            password = content["password"]
        except pyrage.DecryptError:
            hint = Phrase(
                "give the identity it was sealed to ({identity}), or: reconcile secrets reset {address}",
                identity=_IDENTITY,
                address=address,
            )
            raise Problem(
                "SEC04", Phrase("The vault's {file} cannot be opened with the identity given.", file=file), hint
            ) from None
        except (ValueError, KeyError, TypeError):
            raise _foreign(file, address) from None
        if named != [federation, entry] or not isinstance(password, str) or not password:
            # Anybody can seal to a public key: a file put here under another's name is not taken for theirs.
            raise _foreign(file, address)
        return password

    def entries(self, federation: str) -> tuple[Entry, ...]:
        """All of a federation's, by address and age; nothing is opened."""
        return tuple(sorted(self._entries(federation), key=lambda one: (one.address, one.sealed, one.entry)))

    def _entries(self, federation: str) -> Iterator[Entry]:
        folder = self._folder / federation
        try:
            files = [file for person in folder.iterdir() for file in person.iterdir()] if folder.exists() else []
            for file in files:
                if file.suffix == ".age" and _ENTRY.fullmatch(file.stem):
                    written = dt.datetime.fromtimestamp(file.stat().st_mtime, dt.UTC)
                    yield Entry(federation, unquote(file.parent.name), file.stem, written)
        except OSError as error:
            raise unreadable(folder, error) from None

    def federations(self) -> tuple[str, ...]:
        """Those of which the vault holds something."""
        try:
            return tuple(sorted(one.name for one in self._folder.iterdir())) if self._folder.exists() else ()
        except OSError as error:
            raise unreadable(self._folder, error) from None

    def remove(self, entries: Sequence[Entry]) -> None:
        """Take entries out of the vault, for ever; what is gone already is no failure."""
        for one in entries:
            file = self._file(one.federation, one.address, one.entry)
            try:
                file.unlink(missing_ok=True)
                for folder in (file.parent, file.parent.parent):
                    with contextlib.suppress(OSError):  # another password is still in it
                        folder.rmdir()
            except OSError as error:
                raise unwritable(file, error) from None

    def _file(self, federation: str, address: str, entry: str) -> Path:
        return self._folder / federation / quote(address, safe="@+") / f"{entry}.age"


def _foreign(file: Path, address: str) -> Problem:
    return Problem(
        "SEC05",
        Phrase(
            "The vault's {file} does not hold what its name says: somebody put it there, or it is damaged.", file=file
        ),
        Phrase("find out who; then: reconcile secrets reset {address}", address=address),
    )
