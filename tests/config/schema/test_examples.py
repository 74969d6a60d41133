"""The three example federations are what a newcomer reads first: they must be right, and show every feature."""

from pathlib import Path

from reconcile.config.load import load_federations
from reconcile.config.rules.criteria import Criteria
from reconcile.config.settings.load import load_settings

ROOT = Path(__file__).resolve().parents[3]


def test_the_examples_are_valid() -> None:
    settings = load_settings([ROOT / "reconcile.toml"])
    loaded = load_federations(ROOT / "federations", Criteria(settings.protected, settings.legacy))
    assert loaded.errors == ()
    assert [federation.slug for federation in loaded.select()] == ["spf55", "spf88", "spf971"]
    assert all(federation.file.legacy for federation in loaded.federations)


def test_the_examples_show_every_feature() -> None:
    files = [federation.file for federation in load_federations(ROOT / "federations").federations]
    boxes = [box for file in files for box in file.mailboxes.values()]
    personal = [box for box in boxes if box.licence != "shared"]
    assert len(boxes) >= 45
    assert 0.6 <= sum(box.licence == "E1" for box in personal) / len(personal) <= 0.75
    assert any(file.subdomains for file in files)
    assert any(len(box.delegates) > 2 for box in boxes if box.licence == "shared")
    assert {alias.legacy_mail for box in boxes for alias in box.aliases} == {None, "merge", "drop"}
    assert {d.rights for box in boxes for d in box.delegates} == {
        ("read", "send_as"),
        ("read",),
        ("read", "send_on_behalf"),
    }
    assert any(box.single_user for box in boxes)
    assert any(box.hidden for box in boxes)
    assert any(box.new for box in boxes)
    assert any(box.legacy_login for box in boxes)
    assert any(not (box.directory.last_name or "").isascii() for box in boxes)
    assert any(one.why for file in files for one in file.not_migrated)
