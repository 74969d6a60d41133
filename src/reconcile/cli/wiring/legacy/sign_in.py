"""How this call opens the mailboxes of an old host: by its master user, or each by its own password."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from reconcile.cli.session.session import Session
from reconcile.language.phrase import Phrase
from reconcile.problem import Problem

if TYPE_CHECKING:
    from reconcile.config.settings.tables.legacy.legacy import LegacyServer
    from reconcile.providers.legacy.sign_in import OwnPasswords, SignIn

_LARGEST = 10_000_000  # bytes


def sign_in(session: Session, host: LegacyServer) -> SignIn:
    """Raises AUTH01 when the secret is missing, COPY80 for a file that is no list of passwords, COPY81 for a sealed one
    that does not open."""
    from reconcile.providers.legacy.sign_in import Master

    if host.mailbox_passwords_file is not None:
        return _own(session, host.mailbox_passwords_file)
    password = session.secret(
        "RECONCILE_LEGACY_PASSWORD", host.master_password_file, Phrase("password of the master user")
    )
    return Master(f"{host.separator}{host.master_user}", password)


def _own(session: Session, path: Path) -> OwnPasswords:
    from reconcile.providers.legacy.sign_in import OwnPasswords

    try:
        with path.open("rb") as file:
            octets = file.read(_LARGEST + 1)
    except OSError as error:
        hint = Phrase("check mailbox_passwords_file in reconcile.toml")
        raise Problem(
            "AUTH01",
            Phrase("Cannot read the mailboxes' passwords in {path}: {strerror}.", path=path, strerror=error.strerror),
            hint,
        ) from None
    if len(octets) > _LARGEST:
        raise Problem(
            "COPY80",
            Phrase("{path} is larger than a list of passwords can be.", path=path),
            "name another file",
            exit_code=3,
        )
    return OwnPasswords.parse(_opened(session, octets, path) if path.suffix == ".age" else octets, str(path))


def _opened(session: Session, sealed: bytes, path: Path) -> bytes:
    import pyrage

    from reconcile.state import age

    file = session.settings.passwords.identity_file
    identity = session.secret("RECONCILE_VAULT_IDENTITY", file, Phrase("identity that opens the vault"))
    try:
        opened: bytes = pyrage.decrypt(sealed, age.identities(identity, "COPY81", "RECONCILE_VAULT_IDENTITY"))
    except pyrage.DecryptError:
        hint = Phrase("seal it to that identity's public key: age -R keys.txt -o FILE.age FILE")
        raise Problem("COPY81", Phrase("{path} does not open with the vault's identity.", path=path), hint) from None
    return opened
