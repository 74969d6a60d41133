"""A domain that lives in the tenant already is taken as it is, with all that no federation file can say left alone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.proofs.outside import Outside, beyond
from tests.scenarios.stage import Stage

IMPORT = ("import", "55", "--domain", "spf55.org", "--name", "Fédération de la Meuse")
STRANGER = "anais.vuillemin@national.example"


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    with Outside(tmp_path, {"spf55.org": []}) as outside:
        yield outside


@pytest.fixture
def stage(tmp_path: Path, outside: Outside) -> Stage:
    """A domain whose mailboxes exist, and no file of it."""
    stage = Stage.small(tmp_path)
    stage.run("apply", "--yes", expect=0)
    shutil.rmtree(tmp_path / "federations")
    shutil.rmtree(tmp_path / "spfstate")
    (tmp_path / "federations").mkdir()
    return stage


def test_unlicensed_users_and_foreign_delegates_are_told_and_left_alone(stage: Stage, outside: Outside) -> None:
    outside.by_hand("lou.petit@spf55.org", licence=None)
    outside.by_hand("contact@spf55.org", add_full_access=STRANGER)
    before = outside.content()
    told = stage.run(*IMPORT, expect=0).err
    assert f"Left out: {STRANGER} as a delegate of contact@spf55.org" in told
    assert "lou.petit@spf55.org" in told
    stage.run("validate", expect=0)
    written = (stage.folder / "federations" / "spf55.yaml").read_text(encoding="utf-8")
    assert "camille.dupont@spf55.org" in written
    assert STRANGER not in written
    assert outside.content() == before
    stage.run("plan", "--detailed-exitcode", expect=0)  # what the file does not say of strangers is theirs
    stage.run("apply", "--yes", expect=0)
    after = outside.content()
    assert beyond(after, {"spf55.org"}) == beyond(before, {"spf55.org"})
    assert after["users"] == before["users"]
    assert after["mailboxes"] == before["mailboxes"]


def test_a_shared_box_that_only_strangers_open_is_left_to_the_postmaster(stage: Stage, outside: Outside) -> None:
    for who in ("camille.dupont@spf55.org", "lou.petit@spf55.org"):
        outside.by_hand(who, delete=True)
    outside.by_hand("contact@spf55.org", add_full_access=STRANGER)
    before = outside.content()
    told = stage.run(*IMPORT, expect=3).err
    assert f"Left out: {STRANGER}" in told
    assert "SPF201 the shared mailbox contact@spf55.org has no delegate" in told
    assert (stage.folder / "federations" / "spf55.yaml").exists()
    assert outside.content() == before


def test_places_are_described_once_and_only_where_all_addresses_of_a_structure_agree(
    stage: Stage, outside: Outside
) -> None:
    place = {"streetAddress": "12 rue des Fontaines", "postalCode": "55000", "city": "Bar-le-Duc"}
    with outside.world.lock:
        for name in ("camille.dupont", "lou.petit", "contact"):
            user = outside.world.user_named(f"{name}@spf55.org")
            assert user is not None
            user.values |= {**place, "employeeId": "2650"}
            if name == "lou.petit":
                user.values["city"] = "Ligny"
    stage.run(*IMPORT, expect=0)
    written = (stage.folder / "federations" / "spf55.yaml").read_text(encoding="utf-8")
    assert "structures:\n- {atrium_id: 2650, street: 12 rue des Fontaines, postal_code: '55000'}" in written
    stage.run("plan", "--detailed-exitcode", expect=0)
