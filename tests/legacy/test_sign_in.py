"""Lists of mailboxes' own passwords, as administrators and panels write them."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.problem import Problem
from reconcile.providers.legacy.sign_in import OwnPasswords

WORD = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30)


@given(st.dictionaries(WORD.map(str.lower), WORD, max_size=20), st.sampled_from(",;\t"))
def test_what_a_csv_writer_writes_is_read_back_whatever_a_password_holds(known: dict[str, str], delimiter: str) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([("login", "password"), *known.items()])
    own = OwnPasswords.parse(text.getvalue().encode(), "old.csv")
    assert {login: own.credentials(login) for login in known} == {
        login: (login, password) for login, password in known.items()
    }


@pytest.mark.parametrize(
    "octets",
    [
        b"identifiant;mot de passe\r\nk0412;\xc3\xa9t\xc3\xa9\r\n",
        b"\xef\xbb\xbfIdentifiant;Nom;Mot de passe\r\nK0412;Dupont;\xc3\xa9t\xc3\xa9\r\n",
        "adresse,password\nk0412,été\n".encode("cp1252"),
    ],
)
def test_usual_titles_and_encodings_are_known(octets: bytes) -> None:
    found = OwnPasswords.parse(octets, "old.csv").credentials("k0412")
    assert found is not None
    assert found[1] == "été"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no list"),
        ("k0412;secret\n", "is no list"),
        ("login;password\nk0412;\n", "Line 2 of old.csv lacks"),
        ("login;password\nk0412;secret\nK0412;secrets\n", "two passwords"),
    ],
)
def test_what_is_no_list_of_passwords_is_refused_without_a_word_of_it(text: str, why: str) -> None:
    with pytest.raises(Problem, match=why) as refused:
        OwnPasswords.parse(text.encode(), "old.csv")
    assert refused.value.code == "COPY80"
    assert "secret" not in f"{refused.value} {refused.value.hint}"


def test_passwords_are_not_shown() -> None:
    assert "secret" not in repr(OwnPasswords({"k0412": "secret"}))


def test_a_login_without_a_line_has_no_password() -> None:
    assert OwnPasswords({"k0412": "secret"}).credentials("k0413") is None
