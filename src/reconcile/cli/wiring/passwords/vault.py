"""The vault of this call: where it is, whom it seals to, and with what it is opened."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase

if TYPE_CHECKING:
    from reconcile.passwords.first_passwords import FirstPasswords
    from reconcile.passwords.vault import Vault


def vault(session: Session) -> Vault:
    """Beside the state. Its identity is asked for when something is opened; AUTH01 is raised then without one."""
    from reconcile.passwords.vault import Vault

    keys = session.settings.passwords

    def identity() -> str:
        return session.secret("RECONCILE_VAULT_IDENTITY", keys.identity_file, Phrase("identity that opens the vault"))

    return Vault(session.state / "vault", keys.seal_to, identity, secrets.randbelow, session.clock)


def first_passwords(session: Session) -> FirstPasswords:
    """What the tenant's provider takes a new account's password from."""
    from reconcile.passwords.first_passwords import FirstPasswords

    settings = session.settings
    never = (settings.tenant.initial_domain, *settings.passwords.never)
    return FirstPasswords(vault(session), never, secrets.randbelow)
