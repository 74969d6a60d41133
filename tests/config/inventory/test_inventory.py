"""What an inventory knows, what became of it later, and the day its rules begin to speak."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from reconcile.config.inventory.changes import Difference, compare
from reconcile.config.inventory.inventory import Inventory, Kind, LegacyAddress, login_owners
from reconcile.config.load import Loaded, load_federations
from reconcile.config.rules.criteria import Criteria
from reconcile.config.rules.inventory import undecided, undecided_mail
from reconcile.problem import Problem

DAY = dt.date(2025, 1, 20)
FILE = """\
code: "55"
name: Meuse
domain: spf55.org
migration: {date: 2025-01-20, rehearsed: 2025-01-08, confirmed: 2025-01-15}
legacy: {server: mutualise}
mailboxes:
  lou.petit@spf55.org:
    licence: E1
    aliases: [lou@spf55.org]
    directory: {last_name: Petit, first_name: Lou}
"""


def box(address: str, **known: object) -> LegacyAddress:
    return LegacyAddress(address, "mailbox", **{"login": address, **known})  # type: ignore[arg-type]


def held(*addresses: LegacyAddress, slug: str = "spf55", **more: object) -> Inventory:
    facts: dict[str, object] = {
        "federation": slug,
        "host": "mutualise",
        "taken": dt.datetime(2025, 1, 6, 8, tzinfo=dt.UTC),
        "domains": (f"{slug}.org",),
        "sources": ("sql",),
    }
    return Inventory(**{**facts, **more}, addresses={one.address: one for one in addresses})  # type: ignore[arg-type]


def loaded(folder: Path, inventory: Inventory, today: dt.date | None, text: str = FILE) -> Loaded:
    (folder / "spf55.yaml").write_text(text, encoding="utf-8")
    return load_federations(folder, Criteria(inventories={"spf55": inventory}, today=today))


@pytest.mark.parametrize(
    ("days", "severity"),
    [(15, None), (14, "warning"), (8, "warning"), (7, "error"), (1, "error"), (0, None), (-100, None)],
)
def test_silence_is_a_warning_from_j_14_and_an_error_from_j_7(days: int, severity: str | None, tmp_path: Path) -> None:
    inventory = held(box("lou.petit@spf55.org"), box("lou@spf55.org", messages=3), box("compta@spf55.org"))
    remarks = loaded(tmp_path, inventory, DAY - dt.timedelta(days=days)).diagnostics
    assert [(one.code, one.severity) for one in remarks] == (
        [("SPF505", severity), ("SPF306", severity)] if severity else []
    )


def test_without_a_date_of_migration_or_a_day_to_judge_at_nothing_is_said(tmp_path: Path) -> None:
    inventory = held(box("compta@spf55.org"))
    assert loaded(tmp_path, inventory, None).diagnostics == ()
    undated = FILE.replace("migration: {date: 2025-01-20}\n", "")
    assert loaded(tmp_path, inventory, DAY, undated).diagnostics == ()


def test_an_undecided_address_is_told_with_what_it_is_today(tmp_path: Path) -> None:
    inventory = held(
        box("lou.petit@spf55.org"),
        LegacyAddress("lou@spf55.org", "alias", targets=("lou.petit@spf55.org",)),
        box("compta@spf55.org", messages=1204, targets=("cabinet@example.net",)),
        LegacyAddress("tous@spf55.org", "list", targets=("lou.petit@spf55.org", "zoe@spf55.org")),
    )
    told = [one.message for one in loaded(tmp_path, inventory, DAY - dt.timedelta(days=7)).diagnostics]
    assert told == [
        f"{left} is neither kept nor given up; on the old host it is {what}"
        for left, what in (
            ("compta@spf55.org", "a mailbox of 1,204 messages that sends on to cabinet@example.net"),
            ("tous@spf55.org", "a list to lou.petit@spf55.org, zoe@spf55.org"),
        )
    ]


def test_a_subdomain_declared_since_the_inventory_is_not_missed_in_it(tmp_path: Path) -> None:
    text = FILE.replace("migration:", "subdomains: [verdun.spf55.org]\nmigration:") + (
        "  zoe@verdun.spf55.org: {licence: E1, directory: {last_name: Petit, first_name: Zoé}}\n"
    )
    inventory = held(box("lou.petit@spf55.org"), LegacyAddress("lou@spf55.org", "alias"))
    assert loaded(tmp_path, inventory, DAY - dt.timedelta(days=7), text).diagnostics == ()


def test_the_gate_asks_the_same_questions_as_the_rule(tmp_path: Path) -> None:
    inventory = held(
        box("lou.petit@spf55.org"),
        box("lou@spf55.org", messages=3),
        box("compta@spf55.org"),
        LegacyAddress("@spf55.org", "catch_all"),
    )
    federation = loaded(tmp_path, inventory, None).federations[0]
    assert [one.address for one in undecided(federation, inventory)] == ["compta@spf55.org"]
    assert [one.address for one in undecided_mail(federation, inventory)] == ["lou@spf55.org"]


def test_the_mail_of_several_boxes_is_weighed_only_when_each_weight_is_known() -> None:
    inventory = held(
        box("a@spf55.org", size=5),
        box("b@spf55.org", size=7),
        box("c@spf55.org"),
        LegacyAddress("d@spf55.org", "alias"),
    )
    assert inventory.size(["a@spf55.org", "b@spf55.org", "d@spf55.org", "new@spf55.org"]) == 12
    assert inventory.size(["a@spf55.org", "c@spf55.org"]) is None
    partial = held(box("a@spf55.org", size=5), unknown={"mailboxes": "the listing was cut"})
    assert partial.size(["a@spf55.org", "b@spf55.org"]) is None


@pytest.mark.parametrize(
    ("messages", "size", "holds"),
    [(0, 0, False), (0, None, False), (3, None, True), (None, 0, False), (None, None, True)],
)
def test_a_mailbox_nobody_counted_may_hold_mail(messages: int | None, size: int | None, holds: bool) -> None:
    assert box("a@spf55.org", messages=messages, size=size).holds_mail is holds
    assert not LegacyAddress("a@spf55.org", "alias", messages=messages, size=size).holds_mail


def test_a_login_belongs_to_the_federation_whose_mailbox_it_opens() -> None:
    meuse = held(box("a@spf55.org", login="K0412"), LegacyAddress("b@spf55.org", "mailbox", login=None))
    vosges = held(box("a@spf88.org", login="k0413"), slug="spf88")
    assert meuse.logins == {"k0412"}
    assert login_owners([meuse, vosges]) == {"k0412": {"spf55"}, "k0413": {"spf88"}}
    shared = held(box("z@spf88.org", login="k0412"), slug="spf88")
    assert login_owners([meuse, shared]) == {"k0412": {"spf55", "spf88"}}


def test_what_changed_between_two_inventories_is_told_apart_from_what_grew() -> None:
    before = held(
        box("a@spf55.org", size=10, vacation=False),
        box("b@spf55.org"),
        LegacyAddress("info@spf55.org", "alias", targets=("a@spf55.org",)),
    )
    after = held(
        box("a@spf55.org", size=30, vacation=True),
        LegacyAddress("info@spf55.org", "alias", targets=("c@spf55.org",)),
        box("c@spf55.org"),
    )
    found = compare(before, after)
    assert [one.address for one in found.appeared] == ["c@spf55.org"]
    assert [one.address for one in found.gone] == ["b@spf55.org"]
    assert found.changed == (
        Difference("a@spf55.org", "vacation", False, True),
        Difference("info@spf55.org", "targets", ("a@spf55.org",), ("c@spf55.org",)),
    )
    assert found.grown == (Difference("a@spf55.org", "size", 10, 30),)
    assert not found.same_addresses
    assert compare(before, before).same_addresses


@pytest.mark.parametrize(
    ("kind", "aspect"),
    [
        ("mailbox", "mailboxes"),
        ("alias", "aliases"),
        ("forward", "aliases"),
        ("list", "lists"),
        ("catch_all", "catch_alls"),
    ],
)
def test_what_a_partial_reading_does_not_show_is_unseen_not_gone(kind: Kind, aspect: str) -> None:
    before = held(LegacyAddress("x@spf55.org", kind))
    assert [one.address for one in compare(before, held()).gone] == ["x@spf55.org"]
    partial = compare(before, held(unknown={aspect: "the server hung up"}))
    assert (partial.gone, [one.address for one in partial.unseen]) == ((), ["x@spf55.org"])
    assert not partial.same_addresses


def test_a_fact_that_was_not_known_has_not_changed() -> None:
    before, after = held(box("a@spf55.org", login=None)), held(box("a@spf55.org", filters=("roundcube",), size=3))
    assert compare(before, after).same_addresses
    assert compare(before, after).grown == ()


def test_an_address_may_be_a_login_too_so_that_another_one_is_only_a_warning(tmp_path: Path) -> None:
    inventory = held(box("lou.petit@spf55.org", login="k0001"), LegacyAddress("lou@spf55.org", "alias"))
    (remark,) = loaded(tmp_path, inventory, DAY - dt.timedelta(days=7)).diagnostics
    assert (remark.code, remark.severity) == ("SPF519", "warning")
    assert remark.message == "the login of lou.petit@spf55.org on the old host is k0001, not lou.petit@spf55.org"
    assert remark.hint == "write legacy_login: k0001"


def test_an_inventory_nobody_can_read_stops_its_federation_alone(tmp_path: Path) -> None:
    (tmp_path / "spf55.yaml").write_text(FILE, encoding="utf-8")
    (tmp_path / "spf88.yaml").write_text(FILE.replace("55", "88").replace("Petit", "Haas"), encoding="utf-8")
    damaged = Problem("INV01", "spfstate/inventory/spf88/x.json is damaged.", "put back a good copy")
    found = load_federations(tmp_path, Criteria(inventories={"spf88": damaged}, today=DAY - dt.timedelta(days=14)))
    assert [(one.code, one.path.name, one.message) for one in found.diagnostics] == [
        ("SPF516", "spf88.yaml", "spfstate/inventory/spf88/x.json is damaged")
    ]
    assert [one.slug for one in found.federations] == ["spf55"]
