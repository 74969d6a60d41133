"""Whose old mailboxes a federation may have copied: the master user opens any of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.config.inventory.logins import Logins
from reconcile.config.settings.load import load_settings
from reconcile.config.settings.tables.legacy.legacy import LegacyServer
from reconcile.problem import Problem

HOST = LegacyServer(host="imap.example", master_user="copieur", logins={"spf55": ("k0412",), "spf88": ("k0500",)})
SEEN = {"k0700": frozenset({"spf55"}), "shared": frozenset({"spf55", "spf88"}), "zoe@spf88.org": frozenset({"spf55"})}
LOGINS = Logins(
    {"spf55.org": "spf55", "verdun.spf55.org": "spf55", "spf88.org": "spf88"},
    {"mutualise": HOST},
    {"direction@spf55.org", "siege.example"},
    SEEN,
)


@pytest.mark.parametrize(
    "login", ["contact@spf55.org", "Contact@SPF55.ORG", "x@verdun.spf55.org", "k0412", "K0412", "k0700"]
)
def test_a_federation_has_its_own_addresses_and_the_logins_given_to_it_copied(login: str) -> None:
    assert LOGINS.refusal("spf55", "mutualise", login) == ""


@pytest.mark.parametrize(
    ("login", "why"),
    [
        ("zoe@spf88.org", "a domain of spf88"),  # though an inventory gives it to spf55
        ("ZOE@SPF88.org", "a domain of spf88"),
        ("k0500", "nothing says"),
        ("k9999", "nothing says"),
        ("shared", "nothing says"),
        ("x@elsewhere.example", "nothing says"),
        ("x@spf55.org.", "nothing says"),
        ("x@y@spf55.org", "nothing says"),
        ("zoe%spf88.org", "nothing says"),
        ("direction@spf55.org", "is protected"),
        ("Direction@spf55.org", "is protected"),
        ("x@siege.example", "is protected"),
        ("x@antenne.siege.example", "is protected"),
        ("x*copieur", "another master user"),
        ("x@spf55.org*copieur", "another master user"),
        ("x@spf55.org\r\nA1 LOGOUT", "is not a login"),
        ("", "is not a login"),
    ],
)
def test_no_other_mailbox_is_copied_for_it(login: str, why: str) -> None:
    assert why in LOGINS.refusal("spf55", "mutualise", login)


@given(st.text(min_size=1), st.sampled_from(["*", "+", "%%", "/"]))
def test_no_login_with_the_separator_of_its_host_passes(text: str, separator: str) -> None:
    host = LegacyServer(host="h", master_user="m", separator=separator)
    logins = Logins({"spf55.org": "spf55"}, {"h": host})
    assert logins.refusal("spf55", "h", f"{text}{separator}{text}@spf55.org")


def test_a_host_nobody_describes_gives_no_login_to_anybody() -> None:
    assert LOGINS.refusal("spf55", "other", "k0412")


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ('spf55 = ["k0412*copieur"]', "holds the separator"),
        ('spf55 = ["k0412"]\nspf88 = ["K0412"]', "two federations"),
        ('meuse = ["k0412"]', "pattern"),
    ],
)
def test_a_listed_login_is_one_federations_and_names_no_master_user(table: str, why: str, tmp_path: Path) -> None:
    example = (Path(__file__).parents[3] / "reconcile.toml").read_text(encoding="utf-8")
    settings = tmp_path / "reconcile.toml"
    settings.write_text(example.replace('spf55 = ["k0412"]', table), encoding="utf-8")
    with pytest.raises(Problem) as refused:
        load_settings([settings])
    assert why in refused.value.message
