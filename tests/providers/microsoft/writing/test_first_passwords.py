"""The first password of an account: sealed before it is sent, and named by the account itself whatever gets lost."""

from __future__ import annotations

import itertools
import json
import secrets
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
import requests
from tests.providers.microsoft.world import SLUG, World

from reconcile.passwords.first_passwords import FirstPasswords
from reconcile.passwords.vault import Sealed, Vault
from reconcile.problem import Problem
from reconcile.providers.microsoft.provider import microsoft_provider
from reconcile.providers.microsoft.wire.auth import Registration
from reconcile.resources.address import Address
from reconcile.resources.resource import Value

ANNE, CONTACT = "anne.perrin@spf55.org", "contact@spf55.org"
PERSON: dict[str, Value] = {
    "primary": ANNE, "licence": "E1", "display_name": "Anne Perrin", "aliases": (), "first_name": "Anne",
    "last_name": "Perrin",
}  # fmt: skip
IDENTITY = pyrage.x25519.Identity.generate()


class Tenant:
    """A tenant, a vault, and a provider that takes its passwords from it."""

    def __init__(self, folder: Path, **options: Any) -> None:
        self.world = World(folder / "tenant", **options)
        self.folder = folder / "vault"
        self.vault = Vault(
            self.folder, [str(IDENTITY.to_public())], lambda: str(IDENTITY), secrets.randbelow, self.world.clock
        )
        self.world.provider = self.provider(FirstPasswords(self.vault, (), secrets.randbelow))
        self.world.add_domain()

    def provider(self, password: Callable[[Address, Collection[str]], Sealed]) -> Any:
        return microsoft_provider(
            self.world.settings,
            Registration(self.world.server.client_secret),
            self.world.clock,
            password,
            random=lambda: 0.5,
        )

    def given(self, address: str) -> list[str]:
        """Every password the account was ever given, as the tenant knows."""
        url = f"{self.world.server.control}/password/{address}"
        answer = requests.get(url, verify=str(self.world.server.ca_file), timeout=10)
        assert answer.ok, answer.text
        return list(answer.json()["password"])

    def entry(self, address: str) -> str:
        """What the account names."""
        users = self.world.server._control._world
        with users.lock:
            found = users.user_named(address)
            assert found is not None
            return str(found.values["onPremisesExtensionAttributes"].get("extensionAttribute13", ""))

    def opened(self, address: str) -> str | None:
        return self.vault.open(SLUG, address, self.entry(address))


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[..., Tenant]]:
    made: list[Tenant] = []

    def building(**options: Any) -> Tenant:
        made.append(Tenant(tmp_path, **options))
        return made[-1]

    yield building
    for one in made:
        one.world.stop()


def test_the_account_names_the_entry_that_opens_it(build: Callable[..., Tenant]) -> None:
    tenant = build()
    tenant.world.make("mailbox", ANNE, PERSON)
    assert tenant.given(ANNE) == [tenant.opened(ANNE)]


@pytest.mark.parametrize("fault", ["drop_answer", "late_error"])
def test_a_lost_answer_leaves_the_account_with_the_entry_it_names(build: Callable[..., Tenant], fault: str) -> None:
    tenant = build()
    tenant.world.fault(fault, "/v1.0/users")
    tenant.world.make("mailbox", ANNE, PERSON)
    assert tenant.given(ANNE)[-1] == tenant.opened(ANNE)


def test_a_crash_between_sealing_and_creating_leaves_an_entry_nobody_names(build: Callable[..., Tenant]) -> None:
    tenant = build()

    def dying(account: Address, names: Collection[str]) -> Sealed:
        tenant.vault.seal(account.federation, account.key, "Tailler-fiole-enjeu-peplum-75")
        raise KeyboardInterrupt

    tenant.world.provider = tenant.provider(dying)
    with pytest.raises(KeyboardInterrupt):
        tenant.world.make("mailbox", ANNE, PERSON)
    assert tenant.world.status()["users"] == 13
    tenant.world.provider = tenant.provider(FirstPasswords(tenant.vault, (), secrets.randbelow))
    tenant.world.make("mailbox", ANNE, PERSON)
    assert len(tenant.vault.entries(SLUG)) == 2
    assert tenant.given(ANNE) == [tenant.opened(ANNE)]
    assert tenant.opened(ANNE) != "Tailler-fiole-enjeu-peplum-75"


def test_a_crash_after_the_creation_keeps_the_password_that_was_sealed(build: Callable[..., Tenant]) -> None:
    """Without the identity that opens the vault: nothing is opened, nothing reset, nothing guessed."""
    tenant = build()
    tenant.world.make("mailbox", ANNE, PERSON)
    first = tenant.opened(ANNE)
    tenant.vault = Vault(
        tenant.folder,
        [str(IDENTITY.to_public())],
        lambda: pytest.fail("nothing is opened"),
        secrets.randbelow,
        tenant.world.clock,
    )
    tenant.world.provider = tenant.provider(FirstPasswords(tenant.vault, (), secrets.randbelow))
    # The run died before it knew: it asks for the account again, as if it were not there.
    tenant.world.provider.writer.create(tenant.world.order("mailbox", ANNE, PERSON))
    assert tenant.given(ANNE) == [first]


def test_a_password_the_tenant_refuses_is_replaced_three_times(build: Callable[..., Tenant]) -> None:
    tenant = build()
    numbers = itertools.count()

    def disliked(until: int) -> Callable[[Address, Collection[str]], Sealed]:
        def answer(account: Address, names: Collection[str]) -> Sealed:
            phrase = "Perrin-fiole-enjeu-peplum-75" if next(numbers) < until else "Tailler-fiole-enjeu-peplum-75"
            return tenant.vault.seal(account.federation, account.key, phrase)

        return answer

    tenant.world.provider = tenant.provider(disliked(3))
    tenant.world.make("mailbox", ANNE, PERSON)
    assert tenant.given(ANNE) == [tenant.opened(ANNE)] == ["Tailler-fiole-enjeu-peplum-75"]
    assert len(tenant.vault.entries(SLUG)) == 4
    numbers = itertools.count()
    paul = "paul.perrin@spf55.org"
    tenant.world.provider = tenant.provider(disliked(4))
    with pytest.raises(Problem) as refusal:
        tenant.world.make("mailbox", paul, {**PERSON, "primary": paul})
    assert refusal.value.code == "M365-24"
    assert "enjeu" not in f"{refusal.value} {refusal.value.hint}"


def test_without_a_key_no_account_is_created(build: Callable[..., Tenant]) -> None:
    tenant = build()
    keyless = Vault(tenant.folder, [], lambda: "", secrets.randbelow, tenant.world.clock)
    tenant.world.provider = tenant.provider(FirstPasswords(keyless, (), secrets.randbelow))
    with pytest.raises(Problem) as refusal:
        tenant.world.make("mailbox", ANNE, PERSON)
    assert refusal.value.code == "SEC01"
    assert tenant.world.status()["users"] == 13


def test_a_shared_box_has_none_until_it_becomes_a_persons(build: Callable[..., Tenant]) -> None:
    tenant = build()
    shared: dict[str, Value] = {
        "primary": CONTACT, "licence": "shared", "display_name": "Contact", "aliases": (), "sign_in": False,
        "sent_copies": True,
    }  # fmt: skip
    tenant.world.make("mailbox", CONTACT, shared)
    assert not tenant.vault.entries(SLUG)
    tenant.world.make("mailbox", CONTACT, {**PERSON, "primary": CONTACT})
    assert tenant.given(CONTACT)[-1] == tenant.opened(CONTACT)


def test_the_recorded_traffic_holds_none(build: Callable[..., Tenant], tmp_path: Path) -> None:
    tenant = build(record=tmp_path / "har")
    tenant.world.make("mailbox", ANNE, PERSON)
    (given,) = tenant.given(ANNE)
    (traffic,) = (tmp_path / "har").glob("*.har")
    text = traffic.read_text(encoding="utf-8")
    assert json.loads(text)["log"]["entries"]
    assert given not in text
