"""How an old host's mailboxes are opened: all by its master user, or each by a password of its own."""

from __future__ import annotations

import csv
import dataclasses
import io
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Protocol

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

_TITLES = {
    "login": ("identifiant", "login", "username", "user", "compte", "adresse", "address", "email"),
    "password": ("motdepasse", "password", "mdp", "secret"),
}
_HINT = "its first line names two columns, login and password (or identifiant and mot de passe)"


class SignIn(Protocol):
    """What is sent to open a mailbox."""

    @property
    def whose(self) -> str:
        """Whom a host refuses that refuses the first logins."""

    @property
    def hint(self) -> str:
        """What to check then."""

    def credentials(self, login: str) -> tuple[str, str] | None:
        """The name and the password that open a mailbox; None when none are known."""


@dataclasses.dataclass(frozen=True, slots=True)
class Master:
    """``suffix``: what follows a mailbox's login, such as ``*copieur``."""

    suffix: str
    password: str = dataclasses.field(repr=False)
    whose: str = "the master user"
    hint: str = "check master_user, separator and the master user's password"

    def credentials(self, login: str) -> tuple[str, str] | None:
        return login + self.suffix, self.password


@dataclasses.dataclass(frozen=True, slots=True)
class OwnPasswords:
    """``passwords``: login, in lower case → password."""

    passwords: Mapping[str, str] = dataclasses.field(repr=False)
    whose: str = "the first logins"
    hint: str = "check their lines in mailbox_passwords_file"

    @classmethod
    def parse(cls, octets: bytes, where: str) -> OwnPasswords:
        """From a CSV file, with any usual separator, in UTF-8 or as Excel writes it. ``where`` names it.

        Raises Problem COPY80, without a word of the file, when it is none or gives a login two passwords.
        """
        try:
            text = octets.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = octets.decode("cp1252", "replace")
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text)) if any(row)]
        columns = _columns(rows[0]) if rows else None
        if columns is None:
            raise Problem(
                "COPY80", Phrase("{where} is no list of logins and passwords.", where=where), _HINT, exit_code=3
            )
        passwords: dict[str, str] = {}
        for number, row in enumerate(rows[1:], 2):
            login, password = (row[column].strip() if column < len(row) else "" for column in columns)
            if not login or not password:
                raise Problem(
                    "COPY80",
                    Phrase("Line {number} of {where} lacks a login or a password.", number=number, where=where),
                    _HINT,
                    exit_code=3,
                )
            if passwords.setdefault(login.lower(), password) != password:
                raise Problem(
                    "COPY80",
                    Phrase("{where} gives {login} two passwords.", where=where, login=login),
                    "delete the wrong line",
                    exit_code=3,
                )
        return cls(passwords)

    def credentials(self, login: str) -> tuple[str, str] | None:
        password = self.passwords.get(login.lower())
        return None if password is None else (login, password)


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(";,\t|", key=first.count)


def _columns(titles: Sequence[str]) -> tuple[int, int] | None:
    """Where logins and passwords stand."""
    plain = ["".join(filter(str.isalpha, unicodedata.normalize("NFKD", title.lower()))) for title in titles]
    found = [next((plain.index(one) for one in names if one in plain), None) for names in _TITLES.values()]
    login, password = found
    return None if login is None or password is None else (login, password)
