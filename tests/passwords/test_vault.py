"""The vault: what is sealed there is opened by whoever holds the key, by Debian's age too, and by nobody else."""

from __future__ import annotations

import datetime as dt
import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyrage
import pytest

from reconcile.passwords.first_passwords import FirstPasswords
from reconcile.passwords.vault import Vault
from reconcile.problem import Problem
from reconcile.resources.address import Address

OURS = pyrage.x25519.Identity.generate()
THEIRS = pyrage.x25519.Identity.generate()
NOW = dt.datetime(2025, 1, 19, 17, 0, tzinfo=dt.UTC)
ANNE = "anne.petit@spf55.org"
PHRASE = "Tailler-fiole-enjeu-peplum-75"


class Stopped:
    def now(self) -> dt.datetime:
        return NOW

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing waits here")


def vault_in(
    folder: Path, *, opened_with: str = str(OURS), sealed_to: tuple[str, ...] = (str(OURS.to_public()),)
) -> Vault:
    return Vault(folder, sealed_to, lambda: opened_with, secrets.randbelow, Stopped())


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return vault_in(tmp_path / "vault")


def files(folder: Path) -> Iterator[Path]:
    return (one for one in folder.rglob("*") if one.is_file())


def test_what_was_sealed_is_opened_under_its_entry(vault: Vault) -> None:
    first, second = vault.seal("spf55", ANNE, PHRASE), vault.seal("spf55", ANNE, "Autre-phrase-12")
    assert vault.open("spf55", ANNE, first.entry) == PHRASE
    assert vault.open("spf55", ANNE, second.entry) == "Autre-phrase-12"
    assert {one.entry for one in vault.entries("spf55")} == {first.entry, second.entry}
    assert {(one.federation, one.address) for one in vault.entries("spf55")} == {("spf55", ANNE)}


def test_debians_age_opens_it(vault: Vault, tmp_path: Path) -> None:
    sealed = vault.seal("spf55", ANNE, PHRASE)
    (tmp_path / "key").write_text(f"# created: today\n# public key: {OURS.to_public()}\n{OURS}\n")
    (file,) = files(tmp_path / "vault")
    shown = subprocess.run(["age", "-d", "-i", tmp_path / "key", file], capture_output=True, check=True, text=True)
    assert json.loads(shown.stdout) == {
        "federation": "spf55",
        "address": ANNE,
        "entry": sealed.entry,
        "sealed": "2025-01-19T17:00:00+00:00",
        "password": PHRASE,
    }


def test_every_key_named_opens_it_and_no_other(tmp_path: Path) -> None:
    third = pyrage.x25519.Identity.generate()
    both = vault_in(tmp_path, sealed_to=(str(OURS.to_public()), str(THEIRS.to_public())))
    entry = both.seal("spf55", ANNE, PHRASE).entry
    for key in (OURS, THEIRS):
        assert vault_in(tmp_path, opened_with=f"# a comment\n{third}\n{key}\n").open("spf55", ANNE, entry) == PHRASE
    with pytest.raises(Problem) as refusal:
        vault_in(tmp_path, opened_with=str(third)).open("spf55", ANNE, entry)
    assert refusal.value.code == "SEC04"
    assert PHRASE not in f"{refusal.value} {refusal.value.hint}"


def test_an_ssh_key_opens_it_too(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "key"], check=True)
    public = (tmp_path / "key.pub").read_text().strip()
    vault = vault_in(tmp_path / "vault", sealed_to=(public,), opened_with=(tmp_path / "key").read_text())
    assert vault.open("spf55", ANNE, vault.seal("spf55", ANNE, PHRASE).entry) == PHRASE


def test_a_vault_without_keys_seals_nothing(tmp_path: Path) -> None:
    vault = vault_in(tmp_path / "vault", sealed_to=())
    with pytest.raises(Problem) as refusal:
        vault.seal("spf55", ANNE, PHRASE)
    assert refusal.value.code == "SEC01"
    assert not list(files(tmp_path))


def test_a_key_that_is_none_is_said_and_nothing_is_sealed(tmp_path: Path) -> None:
    with pytest.raises(Problem) as refusal:
        vault_in(tmp_path / "vault", sealed_to=("age1nope",)).seal("spf55", ANNE, PHRASE)
    assert refusal.value.code == "SEC02"


def test_what_somebody_puts_under_another_name_is_not_taken(vault: Vault, tmp_path: Path) -> None:
    """Whoever may write there can seal to a public key: a file counts only for the account and the entry it names."""
    anne, paul = vault.seal("spf55", ANNE, PHRASE), vault.seal("spf55", "paul@spf55.org", "Autre-phrase-12")
    found = {one.stem: one for one in files(tmp_path / "vault")}
    found[paul.entry].replace(found[anne.entry])
    with pytest.raises(Problem) as refusal:
        vault.open("spf55", ANNE, anne.entry)
    assert refusal.value.code == "SEC05"


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"age-encryption.org/v1\n"])
def test_a_damaged_entry_is_said(vault: Vault, tmp_path: Path, damage: bytes) -> None:
    sealed = vault.seal("spf55", ANNE, PHRASE)
    next(files(tmp_path / "vault")).write_bytes(damage)
    with pytest.raises(Problem) as refusal:
        vault.open("spf55", ANNE, sealed.entry)
    assert refusal.value.code in ("SEC04", "SEC05")


@pytest.mark.parametrize("entry", ["", "../../key", "0" * 15, "A" * 16])
def test_what_is_no_entry_is_not_looked_for(vault: Vault, entry: str) -> None:
    assert vault.open("spf55", ANNE, entry) is None


def test_only_its_owner_reads_it_and_nothing_in_it_is_readable(vault: Vault, tmp_path: Path) -> None:
    vault.seal("spf55", ANNE, PHRASE)
    (file,) = files(tmp_path / "vault")
    assert file.stat().st_mode & 0o777 == 0o600
    assert all(one.stat().st_mode & 0o777 == 0o700 for one in file.parents if tmp_path in one.parents)
    assert PHRASE.encode() not in file.read_bytes()


def test_what_cannot_be_written_is_never_handed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: no password comes out that is not in the vault."""
    import errno

    from reconcile.state import durable

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", full)
    passwords = FirstPasswords(vault_in(tmp_path / "vault"), (), secrets.randbelow)
    with pytest.raises(Problem) as refusal:
        passwords(Address("spf55", "mailbox", ANNE), ["Anne", "Petit"])
    assert refusal.value.code == "STA01"
    assert not list(files(tmp_path))


def test_a_password_taken_from_it_is_in_it(vault: Vault) -> None:
    passwords = FirstPasswords(vault, ("associationnationale.onmicrosoft.com",), secrets.randbelow)
    sealed = passwords(Address("spf55", "mailbox", ANNE), ["Anne", "Petit"])
    assert vault.open("spf55", ANNE, sealed.entry) == sealed.password
    assert sealed.password not in repr(sealed)


def test_what_is_taken_out_is_gone_and_leaves_no_empty_folder(vault: Vault, tmp_path: Path) -> None:
    vault.seal("spf55", ANNE, PHRASE)
    kept = vault.seal("spf88", "paul@spf88.org", PHRASE)
    gone = vault.entries("spf55")
    vault.remove(gone)
    vault.remove(gone)
    assert vault.federations() == ("spf88",)
    assert vault.open("spf88", "paul@spf88.org", kept.entry) == PHRASE


def test_long_and_odd_addresses_have_a_place(vault: Vault) -> None:
    for address in (f"{'a' * 64}@{'b' * 60}.{'c' * 60}.fr", "o'brien#1@spf55.org", "a/../b@spf55.org", "é@spf55.org"):
        sealed = vault.seal("spf55", address, PHRASE)
        assert vault.open("spf55", address, sealed.entry) == PHRASE
    assert len(vault.entries("spf55")) == 4
