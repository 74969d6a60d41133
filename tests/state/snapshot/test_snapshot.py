"""A state file says the same thing in the same bytes, and never more than it may."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.state.records import a_record

from reconcile.problem import Problem
from reconcile.resources import kinds
from reconcile.resources.address import Address
from reconcile.state.snapshot.snapshot import Record, Snapshot, decode, encode
from reconcile.state.snapshot.upgrades import FORMAT

PATH = Path("spfstate/federations/spf55.json")
FORMER = Path(__file__).parents[1] / "formats"

values = st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.lists(st.text(), max_size=4).map(tuple))
fields = st.dictionaries(st.text(min_size=1), values, max_size=4)
records = st.builds(
    Record,
    address=st.text(min_size=1).map(lambda key: Address("spf55", "mailbox", key)),
    identity=st.text(),
    fields=fields,
    outputs=fields,
    created_by=st.text(),
    applied_by=st.text(),
    applied_at=st.text(),
)
snapshots = st.builds(
    lambda serial, run, found: Snapshot("spf55", "lineage", serial, {record.address: record for record in found}, run),
    st.integers(0),
    st.text(),
    st.lists(records, max_size=4),
)


@given(snapshots)
def test_what_is_written_is_what_is_read(snapshot: Snapshot) -> None:
    assert decode(encode(snapshot), PATH) == snapshot


def test_the_order_things_were_done_in_leaves_no_trace_in_the_file(fresh: Snapshot) -> None:
    one, other = a_record("anne"), a_record("zoé")
    assert encode(fresh.put(one).put(other)) == encode(fresh.put(other).put(one))


def test_a_state_file_can_be_read_by_eye(fresh: Snapshot) -> None:
    text = encode(fresh.put(a_record("zoé", display_name="Zoé Féval"))).decode()
    assert text.endswith("}\n")
    assert '"display_name": "Zoé Féval"' in text


def test_a_dropped_record_is_gone_and_dropping_it_again_changes_nothing(fresh: Snapshot) -> None:
    record = a_record()
    assert fresh.put(record).drop(record.address) == fresh
    assert fresh.drop(record.address) == fresh


def test_another_federations_record_is_refused(fresh: Snapshot) -> None:
    with pytest.raises(ValueError, match="spf13/mailbox"):
        fresh.put(dataclasses.replace(a_record(), address=Address("spf13", "mailbox", "contact@spf13.org")))


@pytest.mark.parametrize("cut", range(0, 400, 37))
def test_a_truncated_state_file_is_refused_not_guessed(fresh: Snapshot, cut: int) -> None:
    data = encode(fresh.put(a_record()))
    with pytest.raises(Problem) as refusal:
        decode(data[:cut], PATH)
    assert refusal.value.code == "STA02"
    assert str(PATH) in refusal.value.message
    assert "rebuild" in refusal.value.hint


@pytest.mark.parametrize(
    "damage",
    [
        (b'"serial": 0', b'"serial": "0"'),
        (b'"federation": "spf55"', b'"federation": "spf13"'),
        (b'"hidden": false', b'"hidden": 0.5'),
        (b'"identity"', b'"identite"'),
        (b"spf55/mailbox/contact@spf55.org", b"contact@spf55.org"),
        (b"spf55/mailbox/contact@spf55.org", b"spf55/letterbox/contact@spf55.org"),
    ],
)
def test_a_state_file_edited_into_nonsense_is_refused(fresh: Snapshot, damage: tuple[bytes, bytes]) -> None:
    data = encode(fresh.put(a_record()))
    assert damage[0] in data
    with pytest.raises(Problem) as refusal:
        decode(data.replace(*damage), PATH)
    assert refusal.value.code == "STA02"


def test_a_newer_versions_state_is_left_alone(fresh: Snapshot) -> None:
    newer = encode(fresh).replace(f'"format": {FORMAT}'.encode(), f'"format": {FORMAT + 1}'.encode())
    with pytest.raises(Problem) as refusal:
        decode(newer, PATH)
    assert refusal.value.code == "STA03"


@pytest.mark.parametrize("nonsense", [b"0", b"-1", b"true", b'"2"', b"null"])
def test_a_format_that_never_was_is_damage(fresh: Snapshot, nonsense: bytes) -> None:
    with pytest.raises(Problem) as refusal:
        decode(encode(fresh).replace(f'"format": {FORMAT}'.encode(), b'"format": ' + nonsense), PATH)
    assert refusal.value.code == "STA02"


@pytest.mark.parametrize("version", range(1, FORMAT))
def test_what_a_former_version_wrote_is_read_and_written_anew(version: int) -> None:
    """The files are as those versions wrote them: three mailboxes, two of them protected, each in its way."""
    snapshot = decode((FORMER / f"{version}.json").read_bytes(), PATH)
    protected = dict.fromkeys(("contact", "direction", "zoé"), False) | {"direction": True, "zoé": True}
    assert {one.address.key.partition("@")[0]: one.protected for one in snapshot.records.values()} == protected
    assert (snapshot.lineage, snapshot.serial, snapshot.run) == ("4f0c7c0e", 7, "run-1")
    assert {one.identity for one in snapshot.records.values()} == {f"id-of-{name}" for name in protected}
    written = encode(snapshot)
    assert f'"format": {FORMAT}'.encode() in written
    assert decode(written, PATH) == snapshot


def test_a_sensitive_field_has_no_way_into_the_state(fresh: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = kinds.Kind("mailbox", "microsoft", {"password": kinds.Field("password", sensitive=True)})
    monkeypatch.setattr("reconcile.state.snapshot.snapshot.KINDS", {"mailbox": secret})
    with pytest.raises(ValueError, match="sensitive") as refusal:
        encode(fresh.put(a_record(password="Tr0ub4dor")))
    assert "Tr0ub4dor" not in str(refusal.value)
