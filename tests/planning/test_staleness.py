"""A saved plan: what of it may still be applied after the files, the state or the world moved."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import pytest
from tests.applying.memory import Site, World, mailbox, refuse

from reconcile.planning import planfile
from reconcile.planning.plan import Basis, Plan
from reconcile.planning.staleness import Sifted, expired, moved, sift
from reconcile.problem import Problem
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Reference

WANTED = [
    mailbox("anne@spf55.org"),
    mailbox("boris@spf55.org", after=["spf55/mailbox/anne@spf55.org"]),
    mailbox("zoe@spf88.org"),
]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path, World())


def saved(site: Site, wanted: list[Desired]) -> Plan:
    """A plan through its file, as apply would read it."""
    plan = dataclasses.replace(site.plan(wanted), basis=basis(site))
    path = site.folder / "plan.json"
    path.write_text(planfile.encode(plan), encoding="utf-8")
    assert planfile.load(path) == plan
    return plan


def basis(site: Site, **digests: str) -> dict[str, Basis]:
    found = {}
    for slug in ("spf55", "spf88"):
        snapshot = site.store.read(slug)
        lineage, serial = (snapshot.lineage, snapshot.serial) if snapshot else ("", 0)
        found[slug] = Basis(slug, digests.get(slug, "same"), lineage, serial)
    return found


def sifted(site: Site, plan: Plan, wanted: list[Desired], **digests: str) -> Sifted:
    now = basis(site, **digests)
    return sift(plan, now, site.plan(wanted) if moved(plan, now) else None)


def keys(plan: Plan) -> list[str]:
    return [change.address.key for change in plan.changes]


def test_a_plan_nothing_happened_to_is_whole(site: Site) -> None:
    plan = saved(site, WANTED)
    result = sifted(site, plan, WANTED)
    assert (result.plan.changes, result.stale, result.done) == (plan.changes, (), 0)


def test_a_plan_is_good_for_a_week(site: Site) -> None:
    plan = saved(site, WANTED)
    assert not expired(plan, plan.created + dt.timedelta(days=6))
    assert expired(plan, plan.created + dt.timedelta(days=7))


def test_a_changed_file_makes_only_its_own_federation_stale(site: Site) -> None:
    result = sifted(site, saved(site, WANTED), WANTED, spf55="other")
    assert keys(result.plan) == ["zoe@spf88.org"]
    assert [(one.what, one.reason) for one in result.stale] == [("spf55", "its file changed since the plan was made")]


def test_the_same_plan_applied_again_does_only_what_is_missing(site: Site) -> None:
    plan = saved(site, WANTED)
    site.world.before_write = refuse("boris@spf55.org")
    site.apply(plan)
    site.world.before_write = lambda order: None
    result = sifted(site, plan, WANTED)
    assert keys(result.plan) == ["boris@spf55.org"]
    assert (result.stale, result.done) == ((), 2)
    site.apply(result.plan)
    again = sifted(site, plan, WANTED)
    assert (again.plan.changes, again.stale, again.done) == ((), (), 3)


def test_an_apply_elsewhere_in_the_federation_does_not_void_the_plan(site: Site) -> None:
    plan = saved(site, WANTED)
    site.apply(site.plan([mailbox("other@spf55.org")]))
    result = sifted(site, plan, [*WANTED, mailbox("other@spf55.org")])
    assert keys(result.plan) == keys(plan)
    assert not result.stale


def test_what_came_into_being_with_its_mailbox_is_filled_as_planned_unless_somebody_was_there_first(site: Site) -> None:
    access = Desired(Address("spf55", "access", "anne@spf55.org"), {"full_access": ("boris@spf55.org",)})
    wanted = [access, mailbox("other@spf55.org")]
    plan = saved(site, wanted)
    site.apply(site.plan([mailbox("other@spf55.org")]))
    site.world.objects[access.address] = Live(access.address, {"full_access": ()}, "id")
    assert keys(sifted(site, plan, wanted).plan) == ["anne@spf55.org"]
    site.world.objects[access.address] = Live(access.address, {"full_access": ("zoe@spf88.org",)}, "id")
    assert [one.what for one in sifted(site, plan, wanted).stale] == [str(access.address)]


def test_an_object_somebody_moved_is_refused_with_what_hangs_on_it_and_the_rest_goes_on(site: Site) -> None:
    plan = saved(site, WANTED)
    site.apply(site.plan([mailbox("other@spf55.org")]))
    anne = Address.parse("spf55/mailbox/anne@spf55.org")
    site.world.objects[anne] = Live(anne, {"licence": "E3"}, "made by hand")
    result = sifted(site, plan, [*WANTED, mailbox("other@spf55.org")])
    assert keys(result.plan) == ["zoe@spf88.org"]
    assert [one.what for one in result.stale] == [str(anne), "spf55/mailbox/boris@spf55.org"]


def test_values_that_were_not_known_are_filled_in_by_the_second_look(site: Site) -> None:
    domain = Address.parse("spf55/domain_verification/spf55.org")
    record = Address.parse("spf55/dns/spf55.org/MX")
    wanted = [Desired(domain, {"verified": True}), Desired(record, {"values": Reference(domain, "mx")}, (domain,))]
    plan = saved(site, wanted)
    site.world.before_write = refuse("spf55.org/MX")
    site.apply(plan)
    site.world.before_write = lambda order: None
    result = sifted(site, plan, wanted)
    assert keys(result.plan) == ["spf55.org/MX"]
    site.apply(result.plan)
    assert site.world.objects[record].fields["values"] == ("0 spf55.org.",)


def test_a_plan_altered_by_hand_is_refused(site: Site) -> None:
    path = site.folder / "plan.json"
    path.write_text(planfile.encode(site.plan(WANTED)).replace('"E1"', '"E3"'), encoding="utf-8")
    with pytest.raises(Problem) as caught:
        planfile.load(path)
    assert caught.value.code == "PLN02"
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"format_version": 99}'])
def test_a_file_that_is_no_plan_is_said_to_be_none(site: Site, text: str) -> None:
    path = site.folder / "plan.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(Problem) as caught:
        planfile.load(path)
    assert caught.value.code in ("PLN02", "PLN03")
