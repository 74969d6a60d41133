"""What a plan of a few federations needs of the tenant. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence

from reconcile.providers.base import Scope


@dataclasses.dataclass(frozen=True, slots=True)
class Few:
    """What an excerpt is about: the mail ``domains`` of the federations; the ``accounts`` and ``mailboxes`` the state
    knows, by id and GUID; ``names`` that mailboxes are wanted under; the domains whose settings are wanted."""

    domains: Sequence[str]
    accounts: Mapping[str, str]
    mailboxes: Collection[str]
    names: Collection[str]
    settings: Collection[str]


def few(scope: Scope) -> Few | None:
    """What to read for a scope; None when the lists of everything cost no more, for it is half of all that is
    declared, or when that is not known."""
    if not 0 < 2 * len(scope.domains) <= scope.declared:
        return None
    boxes = [one for one in scope.wanted if one.address.kind == "mailbox"]
    return Few(
        domains=sorted(scope.domains),
        accounts={one.identity: one.address.key.lower() for one in boxes if one.identity},
        mailboxes={
            one.identity for one in scope.wanted if one.address.kind in ("access", "copy_access") and one.identity
        },
        names={one.address.key.lower() for one in boxes if not one.identity},
        settings={
            one.address.key.lower() for one in scope.wanted if one.address.kind in ("domain", "domain_verification")
        },
    )
