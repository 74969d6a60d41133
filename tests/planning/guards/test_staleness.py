"""A saved plan: what of it may still be applied after the files, the state or the world moved."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

import pytest
from tests.applying.memory import Site, World, mailbox, refuse

from reconcile.planning.guards.staleness import Sifted, expired, moved, sift
from reconcile.planning.plan import planfile
from reconcile.planning.plan.plan import Basis, Plan
from reconcile.problem import Problem
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Reference
from reconcile.state.snapshot.authenticity import key_from

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


KEY = key_from("k" * 32)


def forged(site: Site, plan: Plan, **parts: object) -> Path:
    """A plan file with other words in it and a digest that is right again, as anybody can compute it."""
    body = json.loads(planfile.encode(plan)) | parts
    body["digest"] = planfile.digest(body)
    path = site.folder / "forged.json"
    path.write_text(json.dumps(body), encoding="utf-8")
    return path


def test_every_change_is_of_a_federation_the_plan_is_made_from(site: Site) -> None:
    plan = saved(site, WANTED)
    body = json.loads(planfile.encode(plan))
    part = planfile.load(forged(site, plan, basis={"spf55": body["basis"]["spf55"]}))
    result = sift(part, basis(site), None)
    assert keys(result.plan) == ["anne@spf55.org", "boris@spf55.org"]
    assert [one.what for one in result.stale] == ["spf88"]


def test_with_a_key_only_its_plans_are_taken(site: Site) -> None:
    plan, path = saved(site, WANTED), site.folder / "plan.json"
    assert KEY is not None
    path.write_text(planfile.encode(plan, KEY), encoding="utf-8")
    assert planfile.load(path, KEY) == planfile.load(path) == plan
    for other in (planfile.encode(plan), planfile.encode(plan, key_from("x" * 32))):
        path.write_text(other, encoding="utf-8")
        with pytest.raises(Problem, match="PLN06"):
            planfile.load(path, KEY)


def test_a_mark_is_of_one_plan(site: Site) -> None:
    ours = json.loads(planfile.encode(saved(site, WANTED), KEY))
    path = forged(site, saved(site, WANTED[:1]), mark=ours["mark"])
    with pytest.raises(Problem, match="PLN06"):
        planfile.load(path, KEY)


def test_a_plan_without_a_mark_only_chooses_among_the_changes_of_a_fresh_one(site: Site) -> None:
    """What it says of values, identities, due times, prerequisites and outputs is not what is written."""
    plan = saved(site, WANTED)
    other = [mailbox("anne@spf55.org"), mailbox("intrus@spf55.org"), mailbox("zoe@spf88.org")]
    forgery = dataclasses.replace(
        dataclasses.replace(site.plan(other), basis=plan.basis),
        outputs={Address.parse("spf55/domain/spf55.org"): {"mx": ("0 elsewhere.example.",)}},
    )
    forgery = dataclasses.replace(
        forgery,
        changes=tuple(dataclasses.replace(one, wanted={**one.wanted, "licence": "E3"}) for one in forgery.changes),
    )
    fresh = site.plan(WANTED)
    result = sift(forgery, basis(site), fresh, trusted=False)
    assert keys(result.plan) == ["anne@spf55.org", "zoe@spf88.org"]
    assert all(change in fresh.changes for change in result.plan.changes)
    assert result.plan.outputs == fresh.outputs


def test_thresholds_are_those_of_the_state_not_of_the_file(site: Site) -> None:
    plan = saved(site, WANTED)
    inflated = {slug: dataclasses.replace(one, guarded=100_000) for slug, one in plan.basis.items()}
    result = sift(dataclasses.replace(plan, basis=inflated), basis(site), site.plan(WANTED))
    assert {one.guarded for one in result.plan.basis.values()} == {0}


def test_the_end_of_a_plan_is_computed(site: Site) -> None:
    plan = saved(site, WANTED)
    for_ever = dataclasses.replace(plan, expires=plan.created + dt.timedelta(days=4000))
    assert expired(for_ever, plan.created + dt.timedelta(days=7))
    assert not expired(for_ever, plan.created + dt.timedelta(days=6))
    assert expired(for_ever, plan.created - dt.timedelta(minutes=6))  # made tomorrow
