"""What somebody may have put into a file of ours is refused where it could not be written again."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.strict_json import read_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.recursive(TEXTS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner)), st.booleans())
def test_what_can_be_written_is_read_as_it_was(document: object, escaped: bool) -> None:
    written = json.dumps(document, ensure_ascii=escaped)
    assert read_json(written) == read_json(written.encode()) == document


@pytest.mark.parametrize("text", ['"\\ud800"', '{"\\uDFFF": 1}', '["\\ud83d \\ude00"]', "[" * 100_000, "{", "\xff"])
def test_what_cannot_is_refused(text: str) -> None:
    for form in (text, text.encode("latin-1")):
        with pytest.raises(ValueError, match=r"."):
            read_json(form)
