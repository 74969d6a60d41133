"""Snapshots that only those with the key can have written."""

from __future__ import annotations

import json
from pathlib import PurePath

import pytest
from tests.state.records import a_record

from reconcile.problem import Problem
from reconcile.state.snapshot.authenticity import Authenticated, bears, key_from, mark
from reconcile.state.snapshot.encoding import PLAIN, Migrating
from reconcile.state.snapshot.snapshot import Snapshot

KEY = key_from("k" * 32)
PATH = PurePath("spf55.json")
SNAPSHOT = Snapshot("spf55", "line", 3).put(a_record())


def test_a_snapshot_with_the_mark_is_read_back_and_read_by_whoever_has_no_key() -> None:
    assert KEY is not None
    written = Authenticated(PLAIN, KEY).encode(SNAPSHOT)
    assert Authenticated(PLAIN, KEY).decode(written, PATH, "spf55") == SNAPSHOT
    assert PLAIN.decode(written, PATH, "spf55") == SNAPSHOT


def test_a_swapped_identity_is_seen() -> None:
    assert KEY is not None
    encoding = Authenticated(PLAIN, KEY)
    with pytest.raises(Problem, match="STA18"):
        encoding.decode(encoding.encode(SNAPSHOT).replace(b"id-of-contact", b"id-of-another"), PATH, "spf55")


@pytest.mark.parametrize("claimed", [None, "", 1, [], "0" * 64])
def test_no_other_mark_will_do(claimed: object) -> None:
    assert KEY is not None
    document = json.loads(PLAIN.encode(SNAPSHOT)) | {"mark": claimed}
    with pytest.raises(Problem, match="STA18"):
        Authenticated(PLAIN, KEY).decode(json.dumps(document).encode(), PATH, "spf55")


def test_a_state_from_before_the_key_is_taken_by_reseal_alone() -> None:
    assert KEY is not None
    marking = Authenticated(PLAIN, KEY)
    before = PLAIN.encode(SNAPSHOT)
    with pytest.raises(Problem, match="STA18"):
        marking.decode(before, PATH, "spf55")
    assert Migrating(marking, PLAIN).decode(before, PATH, "spf55") == SNAPSHOT


def test_a_mark_is_of_one_purpose_and_one_key() -> None:
    other = key_from("x" * 32)
    assert KEY is not None
    assert other is not None
    made = mark(KEY, "plan", b"content")
    assert bears(KEY, "plan", b"content", made)
    assert not bears(KEY, "snapshot", b"content", made)
    assert not bears(other, "plan", b"content", made)
