"""Each permission of docs/permissions.md is needed: without it, one operation fails in words that say so."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.providers.microsoft.world import DOMAIN, Build, World

from reconcile.mailcopy.imap.session import Endpoint, LoginRefused, Token, connect
from reconcile.problem import Problem
from reconcile.providers.base import Observed, Unknown
from reconcile.providers.microsoft.wire.auth import Tokens
from reconcile.resources.resource import Value
from reconcile.sandbox.imap.new import NewHost, TokenIssuer

PAGE = Path(__file__).resolve().parents[4] / "docs" / "permissions.md"
LEAST = (*re.findall(r"^\| `([\w.-]+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE), "ExchangeAdministrator")
ANNE, CONTACT = f"anne@{DOMAIN}", f"contact@{DOMAIN}"
PERSON: dict[str, Value] = {"licence": "E1", "display_name": "Anne", "aliases": (), "usage_location": "FR"}
SHARED: dict[str, Value] = {"licence": "shared", "display_name": "Contact", "aliases": (), "sign_in": False}


def told(world: World, attempt: Callable[[World], object]) -> str:
    """What the postmaster reads when the attempt fails for want of a permission."""
    try:
        found = attempt(world)
    except Problem as problem:
        return f"{problem} {problem.hint}"
    assert isinstance(found, Unknown), found
    return found.reason


def seen(kind: str, key: str) -> Callable[[World], Observed]:
    return lambda world: world.see(kind, key)


def test_the_whole_work_needs_no_more_than_the_page_says(build: Build) -> None:
    world = build(permissions=LEAST)
    world.add_domain()
    world.make("mailbox", ANNE, PERSON)
    world.make("mailbox", CONTACT, SHARED)
    world.make("access", CONTACT, {"full_access": (ANNE,), "send_as": (ANNE,), "send_on_behalf": ()})
    world.make("copy_access", ANNE, {"granted": True})
    world.make("mailbox", CONTACT, {**PERSON, "display_name": "Contact"})
    world.remove("mailbox", ANNE)
    world.new_run()
    world.make("mailbox", ANNE, PERSON)


@pytest.mark.parametrize(
    ("permission", "attempt"),
    [
        ("Domain.ReadWrite.All", seen("domain", DOMAIN)),
        ("User.ReadWrite.All", seen("mailbox", "contact@national.example")),
        ("LicenseAssignment.Read.All", seen("mailbox", "contact@national.example")),
        ("Exchange.ManageAsApp", seen("mailbox", "contact@national.example")),
        ("ExchangeAdministrator", seen("mailbox", "contact@national.example")),
        (
            "User-PasswordProfile.ReadWrite.All",
            lambda world: world.make("mailbox", "contact@national.example", {**PERSON, "display_name": "C"}),
        ),
    ],
)
def test_without_a_permission_its_operation_fails_with_a_clear_message(
    build: Build, permission: str, attempt: Callable[[World], object]
) -> None:
    world = build(permissions=[name for name in LEAST if name != permission])
    reason = told(world, attempt)
    assert reason.startswith("M365-03"), reason
    assert "permissions" in reason


@pytest.mark.parametrize("granted", [True, False])
def test_without_imap_the_copy_is_refused_with_a_clear_message(build: Build, granted: bool) -> None:
    world = build(permissions=[name for name in LEAST if granted or name != "IMAP.AccessAsApp"])
    tenant = world.server
    with tempfile.TemporaryDirectory() as folder:  # Dovecot's sockets want short names
        Path(folder).chmod(0o711)
        host = NewHost(Path(folder) / "new")
        host.start(
            TokenIssuer(
                tenant.issuer, tenant.signing_key_id, tenant.public_key_pem, tenant.client_id, tenant.copier_principal
            )
        )
        try:
            host.mailbox_exists("0a5b1c9e-0000-4000-8000-000000000001", [ANNE], open_to_copier=True)
            tokens = Tokens(world.settings.tenant, tenant.client_secret)
            endpoint = Endpoint("127.0.0.1", host.port, Token(ANNE, tokens.exchange), ca_file=host.ca_file)
            if granted:
                connect(endpoint).close()
                return
            with pytest.raises(LoginRefused) as refused:
                connect(endpoint)
        finally:
            host.stop()
    assert refused.value.code == "COPY02"
    assert "IMAP.AccessAsApp" in refused.value.hint
