"""What refuses a plan: protection the state remembers, deletions without permission or beyond the thresholds."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest

from reconcile.config.inventory.logins import Logins
from reconcile.config.settings.load import load_settings
from reconcile.config.settings.tables.guards import Guards
from reconcile.config.settings.tables.legacy.legacy import LegacyServer
from reconcile.planning.guards.boundary import Boundary
from reconcile.planning.guards.guards import Permission, clock_refusals, refusals
from reconcile.planning.plan.plan import EXISTS_ALREADY, Action, Basis, Cause, Change, FieldChange, Plan
from reconcile.planning.plan.planfile import document
from reconcile.resources.address import Address
from reconcile.resources.resource import Live, Value

LOGINS = Logins({"spf55.org": "spf55", "spf88.org": "spf88"}, {}, {"direction@spf55.org"})
ROOT = Path(__file__).resolve().parents[3]
NOW = dt.datetime(2025, 1, 19, 17, 0, tzinfo=dt.UTC)


def deleting(count: int, *, recorded: int = 100, slug: str = "spf55", protected: bool = False) -> Plan:
    changes = tuple(
        Change(
            Address(slug, "mailbox", f"m{number}@{slug}.org"), Action.DELETE, Cause.YAML, None, {}, protected=protected
        )
        for number in range(count)
    )
    return Plan(NOW, NOW, "test", {slug: Basis("Meuse", "digest", "line", 3, recorded)}, changes)


def codes(plan: Plan, permission: Permission = Permission(), guards: Guards = Guards()) -> list[str]:
    return [refusal.code for refusal in refusals(plan, document(plan)["digest"], guards, permission)]


def test_a_plan_that_deletes_nothing_is_not_refused() -> None:
    assert codes(deleting(0)) == []


def test_a_deletion_needs_permission() -> None:
    assert codes(deleting(1)) == ["GRD01"]
    assert codes(deleting(1), Permission(delete=True)) == []


def taking(kind: str, action: Action, note: str, name: str, before: Value, after: Value) -> Plan:
    """A plan with one change of one field of contact@spf55.org."""
    address = Address("spf55", kind, "contact@spf55.org")
    field = FieldChange(name, before, after, Cause.YAML)
    change = Change(address, action, Cause.YAML, Live(address, {name: before}), {name: after}, (field,), note=note)
    return Plan(NOW, NOW, "test", {"spf55": Basis("Meuse", "digest", "line", 3, 100)}, (change,))


@pytest.mark.parametrize(
    ("kind", "action", "note", "name", "before", "after", "refused"),
    [
        ("mailbox", Action.ADOPT, EXISTS_ALREADY, "aliases", ("a@spf55.org",), (), ["GRD08"]),
        ("mailbox", Action.ADOPT, EXISTS_ALREADY, "aliases", (), ("a@spf55.org",), []),
        ("mailbox", Action.ADOPT, EXISTS_ALREADY, "display_name", "Avant", "Après", []),
        ("mailbox", Action.ADOPT, "begun by an interrupted run", "aliases", ("a@spf55.org",), (), []),
        ("mailbox", Action.UPDATE, "", "aliases", ("a@spf55.org",), (), []),
        ("access", Action.UPDATE, EXISTS_ALREADY, "send_as", ("lou@spf55.org",), ("zoe@spf55.org",), ["GRD08"]),
        ("access", Action.UPDATE, "", "send_as", ("lou@spf55.org",), (), []),
    ],
)
def test_what_others_gave_is_taken_away_only_with_permission(
    kind: str, action: Action, note: str, name: str, before: Value, after: Value, refused: list[str]
) -> None:
    plan = taking(kind, action, note, name, before, after)
    assert codes(plan) == refused
    assert codes(plan, Permission(delete=True)) == []


def test_what_would_be_taken_away_is_named() -> None:
    plan = taking("access", Action.UPDATE, EXISTS_ALREADY, "send_as", ("lou@spf55.org",), ())
    (refusal,) = refusals(plan, "", Guards(), Permission())
    assert "spf55/access/contact@spf55.org loses lou@spf55.org" in refusal.message


@pytest.mark.parametrize(("state", "refused"), [("done", []), ("queued", ["GRD09"]), ("partial", ["GRD09"])])
def test_a_copy_that_is_not_over_is_given_up_only_with_permission(state: str, refused: list[str]) -> None:
    address = Address("spf55", "copy", "lou@spf55.org")
    change = Change(address, Action.DELETE, Cause.YAML, Live(address, {}, context={"state": state}), {})
    plan = Plan(NOW, NOW, "test", {"spf55": Basis("Meuse", "digest", "line", 3, 100)}, (change,))
    assert codes(plan) == refused
    assert codes(plan, Permission(delete=True)) == []


def mailbox(key: str, action: Action, **fields: Value) -> Change:
    address = Address("spf55", "mailbox", key)
    if action is Action.DELETE:
        return Change(address, action, Cause.YAML, Live(address, fields), {})
    return Change(address, action, Cause.YAML, None, fields)


@pytest.mark.parametrize(
    ("former", "new", "renamed"),
    [
        # Somebody married; the names in the directory are the new ones already, the local part is much the same.
        (("ines.silva@spf55.org", {}), ("ines.da-silva@spf55.org", {}), True),
        # Another address, the same person.
        (
            ("k.benali@spf55.org", {"first_name": "Mehdi", "last_name": "Benali"}),
            ("mehdi@spf55.org", {"first_name": "Mehdi", "last_name": "Benali"}),
            True,
        ),
        # Another domain of the federation.
        (("contact@spf55.org", {}), ("contact@verdun.spf55.org", {}), True),
        # The old address is written as an alias of the new mailbox.
        (("accueil@spf55.org", {}), ("bonjour@spf55.org", {"aliases": ("accueil@spf55.org",)}), True),
        # One person left, another came.
        (("lou.petit@spf55.org", {"last_name": "Petit"}), ("zoe.guerin@spf55.org", {"last_name": "Guérin"}), False),
    ],
)
def test_a_deletion_that_may_be_a_rename_is_told_apart(
    former: tuple[str, dict[str, Value]], new: tuple[str, dict[str, Value]], renamed: bool
) -> None:
    changes = (mailbox(former[0], Action.DELETE, **former[1]), mailbox(new[0], Action.CREATE, **new[1]))
    plan = Plan(NOW, NOW, "test", {"spf55": Basis("Meuse", "digest", "line", 3, 100)}, changes)
    (refusal,) = refusals(plan, "", Guards(), Permission())
    assert refusal.code == "GRD01"
    assert (f"was: {former[0]} under {new[0]}" in refusal.hint) is renamed
    assert "--allow-delete" in refusal.hint


def test_permission_to_delete_is_not_permission_to_delete_half_a_federation() -> None:
    assert codes(deleting(3, recorded=6), Permission(delete=True)) == ["GRD05"]
    assert codes(deleting(6, recorded=500), Permission(delete=True)) == ["GRD05"]


def test_one_deletion_and_one_resource_are_said_as_one() -> None:
    strict = Guards(federation_deletes=0)
    (refusal,) = refusals(deleting(1, recorded=1), "", strict, Permission(delete=True))
    assert refusal.message == "spf55: 1 deletion of 1 recorded resource is beyond its threshold."
    (refusal,) = refusals(deleting(2, recorded=3), "", strict, Permission(delete=True))
    assert refusal.message == "spf55: 2 deletions of 3 recorded resources are beyond its threshold."


def test_a_small_federation_may_close_one_box() -> None:
    assert codes(deleting(1, recorded=2), Permission(delete=True)) == []


def test_a_plan_made_just_now_cannot_be_overridden_and_is_told_how_to() -> None:
    (refusal,) = refusals(deleting(6), "", Guards(), Permission(delete=True, override="0" * 8))
    assert refusal.code == "GRD05"
    assert "plan --out" in refusal.hint


def test_an_override_names_the_very_plan() -> None:
    plan = deleting(6)
    digest = document(plan)["digest"]
    assert codes(plan, Permission(delete=True, override=digest[:8])) == []
    assert codes(plan, Permission(delete=True, override=document(deleting(7))["digest"][:8])) == ["GRD05"]
    assert codes(plan, Permission(delete=True, override="")) == ["GRD05"]
    assert codes(plan, Permission(delete=True, override=digest[:3])) == ["GRD05"]


def test_protection_yields_to_no_option() -> None:
    plan = deleting(1, protected=True)
    assert codes(plan, Permission(delete=True, override=document(plan)["digest"])) == ["GRD04"]


def test_many_federations_losing_a_little_each_are_too_many_together() -> None:
    parts = [deleting(4, recorded=100, slug=f"spf{number}") for number in range(6)]
    whole = Plan(
        NOW,
        NOW,
        "test",
        {slug: basis for part in parts for slug, basis in part.basis.items()},
        tuple(change for part in parts for change in part.changes),
    )
    assert codes(whole, Permission(delete=True)) == ["GRD05"]


@pytest.mark.parametrize(
    ("kind", "key", "inside"),
    [
        ("mailbox", "lou@spf55.org", True),
        ("mailbox", "lou@verdun.spf55.org", False),
        ("mailbox", "direction@spf55.org", False),
        ("mailbox", "lou@national.example", False),
        ("dns", "spf55.org/MX", True),
        ("dns", "autodiscover.spf55.org/CNAME", True),
        ("dns", "www.spf55.org/CNAME", False),
        ("dns", "national.example/MX", False),
        ("mailbox", "lou@sous.national.example", False),
        ("domain", "spf55.org", True),
        ("domain", "national.example", False),
        ("copy", "lou@spf55.org", True),
    ],
)
def test_the_boundary_is_the_declared_domains_less_the_protected(kind: str, key: str, inside: bool) -> None:
    declared = {"spf55.org", "national.example", "sous.national.example"}
    boundary = Boundary(declared, {"national.example", "direction@spf55.org"})
    change = Change(Address("spf55", kind, key), Action.CREATE, Cause.YAML, None, {})
    assert (boundary.violation(change, {}) == "") is inside


@pytest.mark.parametrize(
    ("action", "fields", "inside"),
    [
        (Action.UPDATE, {"primary": "lou@spf55.org", "aliases": ("direction@spf55.org",)}, True),
        (Action.UPDATE, {"primary": "direction@spf55.org"}, False),
        (Action.DELETE, {"primary": "lou@spf55.org", "aliases": ("direction@spf55.org",)}, False),
    ],
)
def test_a_mailbox_that_was_given_a_protected_address_by_hand_is_protected_too(
    action: Action, fields: dict[str, Value], *, inside: bool
) -> None:
    boundary = Boundary({"spf55.org"}, {"direction@spf55.org"})
    address = Address("spf55", "mailbox", "lou@spf55.org")
    change = Change(address, action, Cause.YAML, Live(address, fields), {})
    assert (boundary.violation(change, {}) == "") is inside


def test_a_protected_name_may_be_written_as_people_write(tmp_path: Path) -> None:
    toml = (ROOT / "reconcile.toml").read_text(encoding="utf-8")
    written = tmp_path / "reconcile.toml"
    written.write_text(toml.replace('"postmaster@spf55.org"', '" Direction@SPF55.org", "@Siege.example"'), "utf-8")
    assert set(load_settings([written]).protected) >= {"direction@spf55.org", "siege.example"}


def test_a_copy_never_writes_into_a_mailbox_outside() -> None:
    boundary = Boundary({"spf55.org"}, set())
    change = Change(Address("spf55", "copy", "lou@spf55.org"), Action.CREATE, Cause.YAML, None, {})
    assert boundary.violation(change, {"destination": "lou@elsewhere.org"})


def test_in_a_domain_no_longer_declared_what_is_ours_may_go_and_nothing_else_may_happen() -> None:
    boundary = Boundary({"spf55.org"}, {"direction@verdun.spf55.org"}, former={"verdun.spf55.org"})

    def allowed(action: Action, kind: str, key: str) -> bool:
        return not boundary.violation(Change(Address("spf55", kind, key), action, Cause.YAML, None, {}), {})

    assert allowed(Action.DELETE, "mailbox", "lou@verdun.spf55.org")
    assert allowed(Action.DELETE, "dns", "autodiscover.verdun.spf55.org/CNAME")
    assert not allowed(Action.CREATE, "mailbox", "lou@verdun.spf55.org")
    assert not allowed(Action.UPDATE, "dns", "verdun.spf55.org/MX")
    assert not allowed(Action.DELETE, "mailbox", "direction@verdun.spf55.org")
    assert not allowed(Action.DELETE, "mailbox", "lou@spf88.org")


def test_a_federation_whose_file_is_gone_loses_nothing() -> None:
    plan = deleting(1)
    undescribed = {slug: dataclasses.replace(basis, digest="") for slug, basis in plan.basis.items()}
    assert codes(dataclasses.replace(plan, basis=undescribed), Permission(delete=True)) == ["GRD06"]


@pytest.mark.parametrize(
    ("login", "inside"),
    [("contact@spf55.org", True), ("zoe@spf88.org", False), ("direction@spf55.org", False), ("k0412", False)],
)
def test_no_copy_of_another_federations_mailbox_is_queued_whatever_the_plan_says(login: str, *, inside: bool) -> None:
    boundary = Boundary({"spf55.org", "spf88.org"}, {"direction@spf55.org"}, logins=LOGINS)
    copy = Change(Address("spf55", "copy", "contact@spf55.org"), Action.CREATE, Cause.YAML, None, {})
    fields: dict[str, Value] = {"source": "mutualise", "login": login, "destination": "contact@spf55.org", "folder": ""}
    assert (boundary.violation(copy, fields) == "") is inside


def test_no_copy_of_a_public_folder_is_queued_that_the_settings_do_not_give() -> None:
    given = {"spf55": ["Partages/a"]}
    servers = {"mutualise": LegacyServer(host="imap.example", master_user="m", public_folders=given)}
    boundary = Boundary({"spf55.org"}, (), logins=Logins({"spf55.org": "spf55"}, servers))
    copy = Change(Address("spf55", "copy", "contact@spf55.org"), Action.CREATE, Cause.YAML, None, {})
    ends: dict[str, Value] = {"source": "mutualise", "login": "contact@spf55.org", "destination": "contact@spf55.org"}
    assert boundary.violation(copy, {**ends, "public_folder": "Partages/a"}) == ""
    for other in ("Partages/a/b", "Partages", "Partages/ab", "partages/a", "Partages/a "):
        assert other in boundary.violation(copy, {**ends, "public_folder": other})


@pytest.mark.parametrize(
    ("addresses", "why"),
    [
        ({"lou@spf55.org"}, ""),
        ({"lou@spf55.org", "lou@spf.onmicrosoft.com"}, ""),
        ({"lou@spf55.org", "lou@elsewhere.org"}, "lou@elsewhere.org, outside"),
        ({"Lou@SPF55.org", "Direction@spf55.org"}, "protected"),
        ({"lou@spf.onmicrosoft.com"}, "no address in the declared domains"),
        (set(), "no address in the declared domains"),
    ],
)
def test_an_object_is_judged_by_every_address_it_has(addresses: set[str], why: str) -> None:
    boundary = Boundary({"spf55.org"}, {"direction@spf55.org"})
    change = Change(Address("spf55", "mailbox", "lou@spf55.org"), Action.UPDATE, Cause.YAML, None, {})
    found = boundary.outside(change, addresses)
    assert why in found
    assert bool(found) is bool(why)


def test_a_federation_writes_in_its_own_domains_only() -> None:
    boundary = Boundary({"spf55.org", "spf88.org"}, (), owners={"spf55.org": "spf55", "spf88.org": "spf88"})
    change = Change(Address("spf55", "mailbox", "zoe@spf88.org"), Action.CREATE, Cause.YAML, None, {})
    assert "a domain of spf88" in boundary.violation(change, {})


@pytest.mark.parametrize(
    ("minutes", "refused"), [(None, False), (0, False), (5, False), (6, True), (-6, True), (-180, True)]
)
def test_a_clock_that_is_wrong_carries_out_nothing_that_cannot_be_taken_back(
    minutes: int | None, *, refused: bool
) -> None:
    ahead = None if minutes is None else dt.timedelta(minutes=minutes)
    assert bool(clock_refusals(deleting(1), ahead)) is refused
    assert clock_refusals(deleting(0), ahead) == ()
    later = dataclasses.replace(deleting(1).changes[0], action=Action.UPDATE, due=NOW)
    assert bool(clock_refusals(dataclasses.replace(deleting(0), changes=(later,)), ahead)) is refused
