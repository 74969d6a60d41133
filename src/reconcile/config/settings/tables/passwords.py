"""The table [passwords]: whom first passwords are sealed to, and what none of them may hold."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from reconcile.config.settings.mistake import mistake
from reconcile.config.settings.tables.table import Name, Table
from reconcile.language.phrase import Phrase


def is_public_key(text: str) -> bool:
    """Whether it has the shape of an age or SSH public key; the library that knows more is not asked for a file."""
    return re.fullmatch("age1[02-9ac-hj-np-z]{58}|ssh-(ed25519|rsa) [A-Za-z0-9+/=]+( .*)?", text) is not None


def _public_key(text: str) -> str:
    if "SECRET-KEY" in text.upper():
        # Not shown.
        raise mistake("age_key", "this is a private key: only public ones stand here (age1…)")
    if not is_public_key(text):
        raise mistake("age_key", Phrase("{text} is no age or SSH public key", text=repr(text)))
    return text


PublicKey = Annotated[str, AfterValidator(_public_key)]


class Passwords(Table):
    """The vault of first passwords (docs/passwords.md)."""

    seal_to: tuple[PublicKey, ...] = ()
    """Who may open the vault: age or SSH public keys. Without any, no personal mailbox can be created."""
    identity_file: Path | None = None
    """File holding a private key that opens the vault, where passwords are delivered; RECONCILE_VAULT_IDENTITY comes
    first."""
    never: tuple[Name, ...] = ()
    """Names that no password may hold besides the person's own: the tenant's, as the directory shows it."""
