"""A state sealed to those who may read it."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pyrage
import pytest
from tests.state.records import a_record

from reconcile.clock import SystemClock
from reconcile.problem import Problem
from reconcile.state.snapshot.encoding import PLAIN, Encoding, Migrating, Sealed
from reconcile.state.snapshot.snapshot import Snapshot, encode
from reconcile.state.stores.cloud import CloudBucket
from reconcile.state.stores.folder import FolderStore
from reconcile.state.stores.objects import ObjectStore

OURS = pyrage.x25519.Identity.generate()
THEIRS = pyrage.x25519.Identity.generate()
SEALED = Sealed([str(OURS.to_public())], [str(OURS)])


@pytest.fixture
def state(fresh: Snapshot) -> Snapshot:
    return fresh.put(a_record("zoé", display_name="Zoé Féval", phone="0329790102"))


def refusal_of(encoding: Encoding, data: bytes) -> Problem:
    with pytest.raises(Problem) as refusal:
        encoding.decode(data, Path("spf55.json"), "spf55")
    return refusal.value


def test_what_is_sealed_is_what_is_opened(state: Snapshot) -> None:
    assert SEALED.decode(SEALED.encode(state), Path("spf55.json"), "spf55") == state


def test_nothing_of_a_person_can_be_read_through_the_seal(state: Snapshot) -> None:
    sealed = SEALED.encode(state)
    inside = base64.b64decode(json.loads(sealed)["sealed"])
    for told in ("Féval", "0329790102", "spf55.org", "mailbox"):
        assert told.encode() not in sealed + inside


@pytest.mark.parametrize("identities", [[], [str(THEIRS)]])
def test_who_it_is_not_sealed_to_is_told_so(state: Snapshot, identities: list[str]) -> None:
    problem = refusal_of(Sealed([str(OURS.to_public())], identities), SEALED.encode(state))
    assert problem.code == "STA15"
    assert str(THEIRS) not in f"{problem} {problem.hint}"


def test_a_state_in_the_clear_is_refused_where_a_seal_is_asked_for(state: Snapshot) -> None:
    problem = refusal_of(SEALED, encode(state))
    assert problem.code == "STA14"
    assert "reseal" in problem.hint


def test_a_sealed_state_is_refused_where_none_is_asked_for(state: Snapshot) -> None:
    assert refusal_of(PLAIN, SEALED.encode(state)).code == "STA14"


@pytest.mark.parametrize("change", [{"serial": 9}, {"lineage": "another"}, {"federation": "spf13"}, {"sealed": "AAAA"}])
def test_an_envelope_that_was_tampered_with_is_refused(state: Snapshot, change: dict[str, object]) -> None:
    envelope = {**json.loads(SEALED.encode(state)), **change}
    assert refusal_of(SEALED, json.dumps(envelope).encode()).code in ("STA02", "STA15")


def test_another_federations_envelope_is_refused(state: Snapshot) -> None:
    other = SEALED.encode(Snapshot("spf13", "lineage-13"))
    assert refusal_of(SEALED, other).code == "STA02"


def test_the_seal_is_put_on_changed_and_taken_off(tmp_path: Path, state: Snapshot) -> None:
    kept = FolderStore(tmp_path).write(state)
    to_them = Sealed([str(THEIRS.to_public())], [str(THEIRS)])
    for writes, opens in ((SEALED, SEALED), (to_them, SEALED), (PLAIN, to_them)):
        kept = FolderStore(tmp_path, Migrating(writes, opens)).write(kept)
        assert FolderStore(tmp_path, writes).read("spf55") == kept
    assert (kept.serial, kept.records) == (4, state.records)


def test_a_sealed_store_keeps_the_promises_of_any_other(tmp_path: Path, state: Snapshot) -> None:
    store = FolderStore(tmp_path, SEALED)
    kept = store.write(state)
    assert store.read("spf55") == kept
    with pytest.raises(Problem) as refusal:
        store.write(state)
    assert refusal.value.code == "STA04"


def test_a_bucket_holds_it_sealed(state: Snapshot) -> None:
    from obstore.store import MemoryStore

    bucket = CloudBucket(MemoryStore(), "memory")
    store = ObjectStore(bucket, SystemClock(), lambda: None, SEALED)
    kept = store.write(store.write(state))
    assert store.read("spf55") == kept
    there = bucket.get("federations/spf55.json")
    assert there is not None
    assert "Féval".encode() not in there[0]


@pytest.mark.parametrize("key", ["age1nope", "ssh-ed25519 nope", "hunter2"])
def test_a_key_that_is_none_is_named(key: str) -> None:
    with pytest.raises(Problem) as refusal:
        Sealed([key], [])
    assert refusal.value.code == "STA15"


def test_an_identity_that_is_none_is_not_repeated() -> None:
    with pytest.raises(Problem) as refusal:
        Sealed([], ["AGE-SECRET-KEY-1NOPE"])
    assert refusal.value.code == "STA15"
    assert "NOPE" not in f"{refusal.value} {refusal.value.hint}"
