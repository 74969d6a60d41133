"""YAML read as text: nothing is guessed, everything has its place."""

import contextlib
import string
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconcile.config.document.document import LOADER, Unreadable, decode, read_document
from reconcile.config.document.marked import DEPTH_LIMIT

both_parsers = pytest.mark.parametrize("loader", [LOADER, yaml.SafeLoader], ids=["libyaml", "python"])

LETTERS = string.ascii_letters + string.digits + " .-_'\"#:@éèçœ–€漢字🎈{}[],&*!|>%`\\\t"
WORDS = st.text(LETTERS, max_size=20)
KEYS = st.text(string.ascii_lowercase + "éç@.-", min_size=1, max_size=12)
TREES = st.recursive(
    WORDS | st.none(), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
)


@both_parsers
@pytest.mark.parametrize(
    "written",
    ["0321456777", "055", "01", "16:00", "No", "off", "2e1", "1_000", "0x1F", "2025-01-20", ".inf", "=", "+33"],
)
def test_what_yaml_would_change_stays_as_written(written: str, loader: Any) -> None:
    assert read_document(f"value: {written}\n", loader).tree == {"value": written}


@both_parsers
@pytest.mark.parametrize("written", ["", "~", "null", "Null", "NULL"])
def test_nothing_is_nothing_unless_it_is_quoted(written: str, loader: Any) -> None:
    assert read_document(f"value: {written}\n", loader).tree == {"value": None}
    assert read_document(f"value: '{written}'\n", loader).tree == {"value": written}


@both_parsers
@given(tree=st.dictionaries(KEYS, TREES, min_size=1, max_size=5))
def test_whatever_is_written_is_read_back_verbatim(tree: dict[str, Any], loader: Any) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True, width=10**6)
    document = read_document(text, loader)
    assert document.flaws == ()
    assert document.tree == tree


@both_parsers
@given(tree=st.dictionaries(KEYS, TREES, min_size=1, max_size=5))
def test_every_key_is_marked_where_it_stands(tree: dict[str, Any], loader: Any) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True, width=10**6)
    lines = text.split("\n")
    for route, mark in read_document(text, loader).marks.items():
        written = lines[mark.key_line - 1][mark.key_column - 1 :]
        if route and isinstance(route[-1], str) and written[0] not in "'\"?":
            assert written.startswith(route[-1])


@both_parsers
def test_columns_count_characters_not_bytes(loader: Any) -> None:
    document = read_document('é: {漢字: "🎈", ç: [a, b]}\n', loader)
    assert (document.marks["é", "漢字"].column, document.marks["é", "漢字"].key_column) == (9, 5)
    assert document.marks["é", "ç", 1].column == 21


def test_an_accent_written_in_two_characters_is_the_same_accent() -> None:
    assert read_document("prénom: Jérôme\n").tree == {"prénom": "Jérôme"}
    again = read_document("é: 1\né: 2\n")
    assert [(flaw.code, flaw.line) for flaw in again.flaws] == [("SPF102", 2)]


def test_a_byte_order_mark_is_dropped_and_does_not_shift_the_first_line() -> None:
    document = read_document(decode("\ufeffcode: '55'\n".encode()))
    assert document.tree == {"code": "55"}
    assert document.marks["code",].key_column == 1


@both_parsers
@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("a: 1\nb: 2\na: 3\n", "SPF102", (3, 1)),
        ("a: {b: 1, b: 2}\n", "SPF102", (1, 11)),
        ("a: &x 1\n", "SPF108", (1, 4)),
        ("&x a: 1\n", "SPF108", (1, 1)),
        ("a: !!str 1\n", "SPF108", (1, 4)),
        ("a: !boum {b: 1}\n", "SPF108", (1, 4)),
        ("a: 1\n---\nb: 2\n", "SPF101", (2, 1)),
        ("a: 1\n: 2\n", "SPF101", (2, 1)),
        ("? [a, b]\n: 1\n", "SPF101", (1, 3)),
        ("a:\n\t- 1\n", "SPF101", (2, 1)),
        ("a: 1\nb: 'never closed\nc: 2\n", "SPF101", (2, 4)),
        ("a: 1\nb: [never, closed", "SPF101", (2, 4)),
        ("", "SPF101", (1, 1)),
        ("# rien\n", "SPF101", (1, 1)),
        ("---\n", "SPF101", (1, 1)),
    ],
)
def test_what_is_refused_is_shown_where_it_stands(text: str, code: str, place: tuple[int, int], loader: Any) -> None:
    flaw = read_document(text, loader).flaws[0]
    assert (flaw.code, (flaw.line, flaw.column)) == (code, place), flaw


@both_parsers
@pytest.mark.parametrize("text", ["[" * 5000, "a: " + "{a: " * 5000, "- " * 5000, "a: 1\na: " + "[" * 5000])
def test_a_pit_of_brackets_is_refused_near_its_edge(text: str, loader: Any) -> None:
    document = read_document(text, loader)
    assert document.broken
    assert f"deeper than {DEPTH_LIMIT}" in document.flaws[-1].message


@both_parsers
def test_a_bomb_of_aliases_never_grows(loader: Any) -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{c}: &{c} [*{p}, *{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    document = read_document(bomb, loader)
    assert {flaw.code for flaw in document.flaws} == {"SPF108"}
    assert document.tree["i"] == [None, None, None]


@given(st.binary(max_size=200))
def test_no_bytes_whatever_raise_anything_but_a_flaw(raw: bytes) -> None:
    with contextlib.suppress(Unreadable):
        document = read_document(decode(raw))
        assert document.tree is not None or document.flaws


@given(st.text(LETTERS + "\n ?<~", max_size=60))
def test_no_text_whatever_raises_anything_but_a_flaw(text: str) -> None:
    for loader in (LOADER, yaml.SafeLoader):
        document = read_document(text, loader)
        assert document.tree is None if document.broken else True
        assert document.flaws or document.tree is not None
        assert all(flaw.line >= 1 and flaw.column >= 1 for flaw in document.flaws)
