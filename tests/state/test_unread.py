"""What of a federation could not be read is kept until it can be, and no world sees the other's."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from reconcile.problem import Problem
from reconcile.state.unread import Unread, UnreadFolder

SUNDAY = dt.datetime(2025, 1, 19, 18, 5, tzinfo=dt.UTC)
SERVFAIL = Unread(SUNDAY, {"spf55/dns/spf55.org/MX": "ns1 answered SERVFAIL when asked for spf55.org."})


def test_it_is_kept_until_all_could_be_read(tmp_path: Path) -> None:
    folder = UnreadFolder(tmp_path)
    assert folder.read("spf55") is None
    folder.note("spf55", SERVFAIL)
    assert folder.read("spf55") == SERVFAIL
    assert folder.read("spf88") is None
    assert UnreadFolder(tmp_path, sandbox=True).read("spf55") is None
    for _ in range(2):
        folder.note("spf55", Unread(SUNDAY, {}))
        assert folder.read("spf55") is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": 2}', b'{"format": 1, "at": "2025-01-19T18:05:00", "reasons": {}}', b"\xff"],
    ids=["empty", "half", "a list", "of a newer version", "without a zone", "no text"],
)
def test_a_damaged_file_is_said_to_be(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "spf55.json").write_bytes(content)
    with pytest.raises(Problem) as caught:
        UnreadFolder(tmp_path).read("spf55")
    assert caught.value.code == "STA02"
    assert "spf55.json" in caught.value.message
