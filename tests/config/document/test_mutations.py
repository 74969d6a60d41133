"""Whatever happens to a good file in an editor, the answer is remarks at places that exist, never a traceback."""

from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconcile.config.document.document import LOADER, decode, read_document
from reconcile.config.document.marked import read_with_places
from reconcile.config.load import Loaded, load_files
from reconcile.config.rules.criteria import Criteria
from reconcile.config.settings.tables.legacy.legacy import LegacyServer

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "federations/spf55.yaml").read_text(encoding="utf-8")
TREE = read_document(decode(TEXT.encode())).tree
HOST = LegacyServer(host="imap.example", master_user="copieur")
ODD = st.sampled_from(
    ["", ":", "- ", "  ", "\t", "&a ", "*a", "!t ", "{", "}", "[", "]", "'", '"', "#", "|", "@", "é", "\n", "~"]
)
VALUES: Any = st.sampled_from(
    [None, "", "x", "true", "E1", "shared", "a@spf55.org", "2025-01-20", "-1", [], {}, [None], [[]], {"a": "b"}]
)


def judged(text: str, folder: Path) -> Loaded:
    path = folder / "spf55.yaml"
    path.write_bytes(text.encode())
    loaded = load_files([path], Criteria(["spf54.org"], {"mutualise": HOST}))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for one in loaded.diagnostics:
        assert 1 <= one.line <= len(lines)
        assert 1 <= one.column <= len(lines[one.line - 1]) + 1
        assert one.message
    assert len(loaded.federations) == (0 if loaded.errors else 1)
    return loaded


@settings(max_examples=150, deadline=None)
@given(edits=st.lists(st.tuples(st.integers(0, len(TEXT) - 1), st.integers(0, 12), ODD), min_size=1, max_size=3))
def test_a_slip_of_the_keyboard(edits: list[tuple[int, int, str]], tmp_path_factory: Any) -> None:
    text = TEXT
    for start, length, typed in edits:
        text = text[:start] + typed + text[start + length :]
    judged(text, tmp_path_factory.mktemp("slip"))


@settings(max_examples=100, deadline=None)
@given(edits=st.lists(st.tuples(st.integers(0, len(TEXT) - 1), st.integers(0, 12), ODD), max_size=3))
def test_the_quick_reading_says_what_the_careful_one_says(edits: list[tuple[int, int, str]]) -> None:
    text = TEXT
    for start, length, typed in edits:
        text = text[:start] + typed + text[start + length :]
    quick, careful = read_document(text), read_with_places(text, LOADER)
    assert (quick.tree, quick.flaws, quick.broken, quick.refused) == (
        careful.tree,
        careful.flaws,
        careful.broken,
        careful.refused,
    )
    assert dict(quick.marks) == careful.marks


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_value_or_a_section_of_another_kind(data: st.DataObject, tmp_path_factory: Any) -> None:
    def altered(node: Any, depth: int) -> Any:
        """The same tree with one place of it replaced."""
        inside = (
            list(node.items() if isinstance(node, dict) else enumerate(node)) if isinstance(node, dict | list) else []
        )
        if not inside or (depth and data.draw(st.booleans())):
            return data.draw(VALUES)
        key, child = data.draw(st.sampled_from(inside))
        copy = node.copy()
        copy[key] = altered(child, depth + 1)
        return copy

    text = yaml.safe_dump(altered(TREE, 0), allow_unicode=True, sort_keys=False)
    judged(text, tmp_path_factory.mktemp("kind"))
