"""What the application was granted, as its own tokens tell, against what the work needs."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterator

from reconcile.language.phrase import Phrase
from reconcile.providers.microsoft.wire.auth import Tokens

#: What fails without any of these permissions (Microsoft Graph permissions reference; docs/permissions.md).
NEEDED: tuple[tuple[str, tuple[str, ...]], ...] = (
    (Phrase("adding and verifying a domain"), ("Domain.ReadWrite.All",)),
    (Phrase("creating and changing an account"), ("User.ReadWrite.All", "Directory.ReadWrite.All")),
    (Phrase("deleting an account and bringing it back"), ("User.ReadWrite.All", "User.DeleteRestore.All")),
    (
        Phrase("knowing the tenant's subscriptions"),
        (
            "LicenseAssignment.Read.All",
            "LicenseAssignment.ReadWrite.All",
            "Organization.Read.All",
            "Directory.Read.All",
            "Directory.ReadWrite.All",
        ),
    ),
    (Phrase("making a person's mailbox of a shared one"), ("User-PasswordProfile.ReadWrite.All",)),
    (Phrase("everything about mailboxes"), ("Exchange.ManageAsApp", "Exchange.Manage")),
)
#: A person who signed in cannot have it.
COPY: tuple[str, tuple[str, ...]] = (Phrase("copying the old mail"), ("IMAP.AccessAsApp",))


def granted(tokens: Tokens) -> frozenset[str]:
    """The permissions in both tokens; empty when they cannot be read, for Microsoft promises no form.

    Raises ``Problem`` AUTH02…06 as ``Tokens`` does.
    """
    return frozenset(name for token in (tokens.graph(), tokens.exchange()) for name in _permissions(token))


def lacking(held: Collection[str], *, person: bool) -> Iterator[tuple[str, str]]:
    """(permission, what fails without it) for each that is missing. ``person``: somebody uses the application."""
    for what, names in NEEDED if person else (*NEEDED, COPY):
        if not any(name in held for name in names):
            yield names[0], what


def _permissions(token: str) -> list[str]:
    """A token's ``roles``, or the ``scp`` of a person's (Microsoft, "Access token claims reference")."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return [str(name) for name in claims.get("roles") or str(claims.get("scp") or "").split()]
    except (IndexError, ValueError, AttributeError):
        return []
