"""Inventories as they lie in ``spfstate/inventory``: dated, whole, private, and refused when they are not ours."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcile.config.inventory.inventory import ASPECTS, KINDS, Inventory, LegacyAddress
from reconcile.problem import Problem
from reconcile.state.inventory import InventoryFolder, decode, encode

MOMENT = dt.datetime(2025, 1, 6, 8, 30, tzinfo=dt.UTC)
NAMES = st.text(string.ascii_lowercase + "éç.-@'", min_size=1, max_size=12)
COUNTS = st.none() | st.integers(0, 2**60)


@st.composite
def addresses(draw: st.DrawFn) -> LegacyAddress:
    kind = draw(st.sampled_from(KINDS))
    return LegacyAddress(
        address=draw(NAMES),
        kind=kind,
        login=draw(st.none() | NAMES) if kind == "mailbox" else "",
        targets=tuple(draw(st.lists(NAMES, max_size=3))),
        size=draw(COUNTS),
        messages=draw(COUNTS),
        last_used=draw(st.none() | st.dates()),
        filters=draw(st.none() | st.lists(NAMES, max_size=2).map(tuple)),
        vacation=draw(st.none() | st.booleans()),
    )


INVENTORIES = st.builds(
    Inventory,
    federation=st.just("spf55"),
    host=NAMES,
    taken=st.datetimes(timezones=st.just(dt.UTC)).map(lambda moment: moment.replace(microsecond=0)),
    domains=st.lists(NAMES, max_size=2).map(tuple),
    sources=st.lists(NAMES, max_size=2).map(tuple),
    addresses=st.lists(addresses(), max_size=4).map(lambda found: {one.address: one for one in found}),
    protected_logins=st.lists(NAMES, max_size=1).map(tuple),
    unknown=st.dictionaries(st.sampled_from(ASPECTS), NAMES, max_size=3),
)


def inventory(taken: dt.datetime = MOMENT, slug: str = "spf55", size: int = 1) -> Inventory:
    one = LegacyAddress("a@spf55.org", "mailbox", "k1", size=size)
    return Inventory(slug, "mutualise", taken, ("spf55.org",), ("sql",), {one.address: one})


@given(INVENTORIES)
def test_an_inventory_is_read_back_as_it_was_written(one: Inventory) -> None:
    assert decode(encode(one), Path("x.json")) == one
    assert encode(decode(encode(one), Path("x.json"))) == encode(one)


@given(
    st.binary(max_size=60)
    | INVENTORIES.map(encode).flatmap(lambda data: st.integers(0, len(data)).map(lambda n: data[:n]))
)
def test_no_bytes_whatever_raise_anything_but_a_problem(data: bytes) -> None:
    with contextlib.suppress(Problem):
        decode(data, Path("x.json"))


@given(INVENTORIES, st.data())
def test_no_value_whatever_raises_anything_but_a_problem(one: Inventory, data: st.DataObject) -> None:
    document = json.loads(encode(one))
    odd = st.sampled_from([None, 3, -1, True, "x", [], [3], {}, {"a@b": 3}, {"a@b": {"kind": "box"}}])
    document[data.draw(st.sampled_from(sorted(document)))] = data.draw(odd)
    with contextlib.suppress(Problem):
        decode(json.dumps(document).encode(), Path("x.json"))


def test_each_reading_is_a_dated_file_that_only_its_owner_may_read(tmp_path: Path) -> None:
    folder = InventoryFolder(tmp_path / "inventory")
    path = folder.write(inventory())
    assert path == tmp_path / "inventory/spf55/2025-01-06T083000Z.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.read_bytes() == encode(inventory())
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_the_newest_is_found_also_as_of_an_earlier_moment(tmp_path: Path) -> None:
    folder = InventoryFolder(tmp_path)
    assert (folder.newest("spf55"), folder.moments("spf55")) == (None, ())
    later = MOMENT + dt.timedelta(days=13)
    for taken, size in ((later, 2), (MOMENT, 1)):
        folder.write(inventory(taken, size=size))
    folder.write(inventory(slug="spf88"))
    assert folder.moments("spf55") == (MOMENT, later)
    assert folder.newest("spf55") == inventory(later, size=2)
    assert folder.newest("spf55", until=later - dt.timedelta(seconds=1)) == inventory(MOMENT)
    assert folder.newest("spf55", until=MOMENT - dt.timedelta(seconds=1)) is None
    assert folder.newest_of(["spf55", "spf88", "spf90"]).keys() == {"spf55", "spf88"}


def test_two_readings_of_one_second_are_one_the_later(tmp_path: Path) -> None:
    folder = InventoryFolder(tmp_path)
    folder.write(inventory(size=1))
    folder.write(inventory(size=2))
    assert folder.newest("spf55") == inventory(size=2)
    assert len(folder.moments("spf55")) == 1


def test_the_sandbox_and_the_live_world_do_not_see_each_other_s(tmp_path: Path) -> None:
    sandbox, live = InventoryFolder(tmp_path, sandbox=True), InventoryFolder(tmp_path)
    assert sandbox.write(inventory(size=1)).name == "2025-01-06T083000Z.sandbox.json"
    assert live.newest("spf55") is None
    live.write(inventory(size=2))
    assert (sandbox.newest("spf55"), live.newest("spf55")) == (inventory(size=1), inventory(size=2))


def test_a_damaged_inventory_says_nothing_of_the_others(tmp_path: Path) -> None:
    folder = InventoryFolder(tmp_path)
    folder.write(inventory())
    folder.write(inventory(slug="spf88")).write_text("{")
    found = folder.newest_of(["spf55", "spf88", "a copy (2)"])
    assert found["spf55"] == inventory()
    assert isinstance(found["spf88"], Problem)
    assert found.keys() == {"spf55", "spf88"}


def test_what_is_not_ours_in_the_folder_is_left_alone(tmp_path: Path) -> None:
    folder = InventoryFolder(tmp_path)
    folder.write(inventory())
    for name in ("README.md", "notes.json", ".2025-01-07T083000Z.json.ab12"):
        (tmp_path / "spf55" / name).write_text("x")
    assert folder.newest("spf55") == inventory()


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("", "INV01", "not a complete inventory"),
        ('{"format": 2}', "INV02", "newer version"),
        ('{"format": 1}', "INV01", "unexpected content near 'taken'"),
        (encode(inventory(slug="spf88")).decode(), "INV01", "the inventory of spf88"),
        (encode(inventory()).decode().replace("+00:00", ""), "INV01", "no time zone"),
        (encode(inventory()).decode().replace('"size": 1', '"size": -1'), "INV01", "-1"),
        (encode(inventory()).decode().replace('"mailbox"', '"box"'), "INV01", "box"),
        (encode(inventory()).decode().replace('"k1"', '"\\u001b[2J"'), "INV01", "expected text"),
    ],
)
def test_a_damaged_inventory_is_refused_with_its_name(text: str, code: str, words: str, tmp_path: Path) -> None:
    path = InventoryFolder(tmp_path).write(inventory())
    path.write_text(text)
    with pytest.raises(Problem, match=words) as refused:
        InventoryFolder(tmp_path).newest("spf55")
    assert refused.value.code == code
    assert str(path) in refused.value.message


def test_a_folder_that_cannot_be_written_is_said_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "inventory").write_text("in the way")
    with pytest.raises(Problem) as refused:
        InventoryFolder(tmp_path / "inventory").write(inventory())
    assert refused.value.code == "STA06"
    assert (tmp_path / "inventory").read_text() == "in the way"
