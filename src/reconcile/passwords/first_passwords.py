"""What whoever creates an account takes its password from: made, sealed, and only then handed over."""

from __future__ import annotations

from collections.abc import Collection

from reconcile.passwords.passphrase import Draw, passphrase
from reconcile.passwords.vault import Sealed, Vault
from reconcile.resources.address import Address


class FirstPasswords:
    """Each call answers a new password that is in the vault already.

    ``never``: names that no password may hold, besides the person's own: the tenant's.
    """

    def __init__(self, vault: Vault, never: Collection[str], draw: Draw) -> None:
        self._vault = vault
        self._never = tuple(never)
        self._draw = draw

    def __call__(self, account: Address, names: Collection[str]) -> Sealed:
        """``names``: the person's, as the directory has them. Raises ``Problem`` as ``Vault.seal``, and SEC03."""
        password = passphrase((account.key, *names, *self._never), self._draw)
        return self._vault.seal(account.federation, account.key, password)
