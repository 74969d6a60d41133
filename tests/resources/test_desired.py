"""What the federation files ask of the world, once compiled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import pytest
from tests.federations import MEUSE_IN_PREPARATION
from tests.resources.compiled import compiled

from reconcile.config.load import load_federations
from reconcile.config.rules.criteria import Criteria
from reconcile.config.settings.load import load_settings
from reconcile.config.settings.settings import Settings
from reconcile.config.settings.tables.calendar import Calendar
from reconcile.config.settings.tables.legacy.handover import Handover, HandoverByHand
from reconcile.config.settings.tables.legacy.relay import Relay
from reconcile.config.structures.register import Fact, Register, RegisteredStructure
from reconcile.resources.address import Address
from reconcile.resources.desired.federations import compile_federations, declared_domains
from reconcile.resources.kinds import KINDS
from reconcile.resources.milestones import UNSCHEDULED, milestones
from reconcile.resources.resource import Desired, Reference

ROOT = Path(__file__).resolve().parents[2]

FEDERATION = (
    MEUSE_IN_PREPARATION
    + """\
  camille.dupont@spf55.org:
    licence: E3
    legacy_login: k0412
    directory: {last_name: Dupont, first_name: Camille, phone: null}
  anne-marie@spf55.org:
    licence: E1
    aliases: [{address: annemarie@spf55.org, legacy_mail: merge}, am@spf55.org]
    directory: {last_name: Leroy, first_name: Anne-Marie, atrium_id: ANT CE 055 0 00000 002689}
  lou@verdun.spf55.org:
    licence: E1
    new: true
    directory: {last_name: Petit, first_name: Lou, job_title: Trésorier}
  contact@spf55.org:
    licence: Partagée
    delegates:
      - camille.dupont@spf55.org
      - {who: lou@verdun.spf55.org, rights: [read]}
not_migrated: [vieux@spf55.org]
"""
)


@pytest.fixture
def resources(tmp_path: Path) -> dict[str, Desired]:
    (tmp_path / "spf55.yaml").write_text(FEDERATION, encoding="utf-8")
    return compiled_at(tmp_path, dt.datetime(2024, 12, 1, tzinfo=dt.UTC))


def compiled_at(folder: Path, now: dt.datetime, settings: Settings | None = None) -> dict[str, Desired]:
    return {f"{one.address.kind}/{one.address.key}": one for one in compiled(folder, now, settings)}


def after(resource: Desired) -> set[str]:
    return {f"{address.kind}/{address.key}" for address in resource.after}


def named(addresses: Iterable[Address]) -> set[str]:
    return {f"{address.kind}/{address.key}" for address in addresses}


@pytest.mark.parametrize("record", ["spf55.org/MX", "verdun.spf55.org/MX", "autodiscover.verdun.spf55.org/CNAME"])
def test_all_domains_of_a_federation_are_switched_together_after_the_turn_of_every_mailbox(
    resources: dict[str, Desired], record: str
) -> None:
    switch = resources[f"dns/{record}"]
    assert after(switch) == {
        "domain_verification/spf55.org",
        "dns/spf55.org/TXT/spf",
        "dns/spf55.org/TXT/spf-mx",
        "mail_flow/spf55.org",
        "domain_verification/verdun.spf55.org",
        "dns/verdun.spf55.org/TXT/spf",
        "dns/verdun.spf55.org/TXT/spf-mx",
        "mail_flow/verdun.spf55.org",
    }
    assert named(switch.behind) == {
        "mailbox/camille.dupont@spf55.org",
        "mailbox/anne-marie@spf55.org",
        "mailbox/lou@verdun.spf55.org",
        "mailbox/contact@spf55.org",
        "access/contact@spf55.org",
    }
    assert switch.spare == 2, "half of the four mailboxes may be late: the relay covers them"


def test_the_old_host_leaves_spf_in_another_apply_than_the_switch(resources: dict[str, Desired]) -> None:
    farewell = resources["dns/spf55.org/TXT/spf-without-_spf.mutualise.example"]
    assert named(farewell.apart) == {"dns/spf55.org/MX"}


def test_record_values_come_from_microsoft_never_from_the_name(resources: dict[str, Desired]) -> None:
    for key, resource in resources.items():
        if key.endswith(("/MX", "/CNAME", "/verification", "/spf")):
            assert all(isinstance(value, Reference) for value in resource.fields.values())


def test_a_subdomain_is_verified_with_its_root_and_publishes_no_token(resources: dict[str, Desired]) -> None:
    assert after(resources["domain/verdun.spf55.org"]) == {"domain_verification/spf55.org"}
    assert "dns/verdun.spf55.org/TXT/verification" not in resources
    assert after(resources["domain_verification/spf55.org"]) == {"domain/spf55.org", "dns/spf55.org/TXT/verification"}


def test_preparation_is_due_at_once_and_the_switch_on_the_eve_at_18(resources: dict[str, Desired]) -> None:
    eve = dt.datetime(2025, 1, 19, 17, 0, tzinfo=dt.UTC)  # 18:00 in Paris, winter
    early = ("domain/", "domain_verification/", "mail_flow/", "dkim/", "dkim_signing/")
    for key, resource in resources.items():
        at_once = key.startswith(early) or key.endswith(("/spf", "/dmarc", "/verification")) or "._domainkey." in key
        if not key.endswith(("/ttl", "/spf-mx", "/spf-without-_spf.mutualise.example")):
            assert resource.due == (None if at_once else eve), key


#: What must be so before unknown addresses are refused.
NOTHING_MISSING = {
    "dns/spf55.org/MX",
    "dns/verdun.spf55.org/MX",
    "mailbox/camille.dupont@spf55.org",
    "mailbox/anne-marie@spf55.org",
    "mailbox/lou@verdun.spf55.org",
    "mailbox/contact@spf55.org",
}


@pytest.mark.parametrize(
    ("moment", "mail_flow", "prerequisites"),
    [
        (dt.datetime(2024, 12, 1, tzinfo=dt.UTC), "InternalRelay", {"domain_verification/spf55.org"}),
        (dt.datetime(2025, 1, 21, 16, 59, tzinfo=dt.UTC), "InternalRelay", {"domain_verification/spf55.org"}),
        (dt.datetime(2025, 1, 21, 17, 0, tzinfo=dt.UTC), "Authoritative", NOTHING_MISSING),
    ],
)
def test_a_domain_is_a_relay_until_two_days_after_the_switch(
    tmp_path: Path, moment: dt.datetime, mail_flow: str, prerequisites: set[str]
) -> None:
    (tmp_path / "spf55.yaml").write_text(FEDERATION, encoding="utf-8")
    found = compiled_at(tmp_path, moment)["mail_flow/spf55.org"]
    assert (found.fields["type"], after(found)) == (mail_flow, prerequisites)


def test_a_domain_without_a_date_is_a_relay(tmp_path: Path) -> None:
    text = FEDERATION.replace("migration: {date: 2025-01-20}\n", "")
    (tmp_path / "spf55.yaml").write_text(text, encoding="utf-8")
    found = compiled_at(tmp_path, dt.datetime(2124, 12, 1, tzinfo=dt.UTC))["mail_flow/spf55.org"]
    assert (found.fields["type"], found.due) == ("InternalRelay", None)


def test_a_domain_that_lives_in_the_tenant_already_is_no_relay(tmp_path: Path) -> None:
    text = FEDERATION.replace("migration: {date: 2025-01-20}\n", "").replace("legacy: {server: mutualise}\n", "")
    (tmp_path / "spf55.yaml").write_text(text.replace("legacy_login: k0412", "new: true"), encoding="utf-8")
    loaded = load_federations(tmp_path)
    compiled = compile_federations(
        loaded.federations, load_settings([ROOT / "reconcile.toml"]), dt.datetime(2024, 12, 1, tzinfo=dt.UTC)
    )
    (found,) = [one for one in compiled if str(one.address) == "spf55/mail_flow/spf55.org"]
    assert (found.fields["type"], found.due) == ("Authoritative", UNSCHEDULED)


@pytest.mark.parametrize("record", ["spf55.org/MX", "autodiscover.verdun.spf55.org/CNAME"])
def test_what_is_switched_lives_short_from_a_week_before_until_two_days_after(tmp_path: Path, record: str) -> None:
    (tmp_path / "spf55.yaml").write_text(FEDERATION, encoding="utf-8")
    week_before, eve = dt.datetime(2025, 1, 13, 17, tzinfo=dt.UTC), dt.datetime(2025, 1, 19, 17, tzinfo=dt.UTC)
    settled = dt.datetime(2025, 1, 22, 17, tzinfo=dt.UTC)

    early = compiled_at(tmp_path, eve - dt.timedelta(seconds=1))
    assert early[f"dns/{record}/ttl"].fields == {"ttl": 300}
    assert early[f"dns/{record}/ttl"].due == week_before

    switched = compiled_at(tmp_path, eve)
    assert switched[f"dns/{record}/ttl"].fields == {"ttl": 3600}
    assert switched[f"dns/{record}/ttl"].due == settled
    assert after(switched[f"dns/{record}/ttl"]) == {f"dns/{record}"}, "raised only once it is switched"


def test_the_old_host_goes_from_spf_two_weeks_after_the_switch_if_it_is_known(tmp_path: Path) -> None:
    (tmp_path / "spf55.yaml").write_text(FEDERATION, encoding="utf-8")
    now = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    settings = load_settings([ROOT / "reconcile.toml"])
    unknown = settings.model_copy(
        update={"legacy": {"mutualise": settings.legacy["mutualise"].model_copy(update={"spf_include": ""})}}
    )
    assert not [key for key in compiled_at(tmp_path, now, unknown) if "/spf-without-" in key]
    for domain in ("spf55.org", "verdun.spf55.org"):
        gone = compiled_at(tmp_path, now, settings)[f"dns/{domain}/TXT/spf-without-_spf.mutualise.example"]
        assert gone.due == dt.datetime(2025, 2, 3, 17, tzinfo=dt.UTC)
        assert f"dns/{domain}/MX" in after(gone)


def test_a_policy_is_asked_for_at_the_root_alone_and_tls_reports_only_on_demand(tmp_path: Path) -> None:
    (tmp_path / "spf55.yaml").write_text(FEDERATION, encoding="utf-8")
    now = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    settings = load_settings([ROOT / "reconcile.toml"])
    asked = settings.model_copy(
        update={"dns": settings.dns.model_copy(update={"tls_reports": "mailto:tls@spf.example"})}
    )
    plain, reporting = compiled_at(tmp_path, now, settings), compiled_at(tmp_path, now, asked)
    assert "dns/_dmarc.spf55.org/TXT/dmarc" in plain
    assert "dns/_dmarc.verdun.spf55.org/TXT/dmarc" not in plain
    assert not [key for key in plain if "_smtp._tls" in key]
    values = {"values": ("v=TLSRPTv1; rua=mailto:tls@spf.example",)}
    assert reporting["dns/_smtp._tls.verdun.spf55.org/TXT"].fields == values


def test_a_directory_field_yaml_does_not_name_is_not_managed(resources: dict[str, Desired]) -> None:
    camille = resources["mailbox/camille.dupont@spf55.org"].fields
    assert camille["phone"] is None
    assert "job_title" not in camille
    assert "sign_in" not in camille  # an account blocked in an emergency stays blocked
    assert camille["display_name"] == "Camille Dupont"
    assert camille["aliases"] == ()


def test_the_site_is_the_federations_unless_the_person_has_another(resources: dict[str, Desired]) -> None:
    assert resources["mailbox/camille.dupont@spf55.org"].fields["atrium_id"] == "2650"
    assert resources["mailbox/anne-marie@spf55.org"].fields["atrium_id"] == "2689"


STRUCTURES = """\
structures:
  - {atrium_id: 2650, name: Siège, street: 12 rue des Fontaines, postal_code: "55000", city: Bar-le-Duc}
  - {atrium_id: 2689, city: Verdun, website: null}
"""


def test_each_address_shows_the_place_of_its_structure_and_nothing_the_file_does_not_say(tmp_path: Path) -> None:
    (tmp_path / "spf55.yaml").write_text(FEDERATION + STRUCTURES, encoding="utf-8")
    compiled = compiled_at(tmp_path, dt.datetime(2024, 12, 1, tzinfo=dt.UTC))
    place = {"office", "street", "postal_code", "city", "website", "networks"}
    shown = {
        address: {name: value for name, value in compiled[f"mailbox/{address}"].fields.items() if name in place}
        for address in ("camille.dupont@spf55.org", "contact@spf55.org", "anne-marie@spf55.org")
    }
    seat = {"office": "Siège", "street": "12 rue des Fontaines", "postal_code": "55000", "city": "Bar-le-Duc"}
    assert shown == {
        "camille.dupont@spf55.org": seat,
        "contact@spf55.org": seat,
        "anne-marie@spf55.org": {"city": "Verdun", "website": None},
    }


def test_popstructure_fills_what_the_file_does_not_say_and_an_empty_cell_there_empties(tmp_path: Path) -> None:
    (tmp_path / "spf55.yaml").write_text(FEDERATION + STRUCTURES, encoding="utf-8")
    said: dict[Fact, str | None] = {"name": "Antenne", "street": "3 quai X", "city": "VERDUN", "networks": None}
    now = dt.datetime(2024, 12, 1, tzinfo=dt.UTC)
    register = Register(now, "export.csv", tuple(said), {2689: RegisteredStructure(2689, facts=said)})
    loaded = load_federations(tmp_path, Criteria(register=register)).select()
    compiled = {
        str(one.address): one for one in compile_federations(loaded, load_settings([ROOT / "reconcile.toml"]), now)
    }
    fields = compiled["spf55/mailbox/anne-marie@spf55.org"].fields
    place = {name: fields[name] for name in ("office", "street", "city", "website", "networks")}
    assert place == {"office": "Antenne", "street": "3 quai X", "city": "Verdun", "website": None, "networks": None}
    assert "postal_code" not in fields, "the export has no such column: somebody else may fill it in"


def test_nobody_signs_in_to_a_shared_mailbox(resources: dict[str, Desired]) -> None:
    contact = resources["mailbox/contact@spf55.org"].fields
    assert contact["licence"] == "shared"
    assert contact["sign_in"] is False
    assert contact["sent_copies"] is True


def test_access_waits_for_the_box_and_for_everyone_it_is_given_to(resources: dict[str, Desired]) -> None:
    access = resources["access/contact@spf55.org"]
    assert access.fields == {
        "full_access": ("camille.dupont@spf55.org", "lou@verdun.spf55.org"),
        "send_as": ("camille.dupont@spf55.org",),
        "send_on_behalf": (),
    }
    assert after(access) == {
        "mailbox/contact@spf55.org",
        "mailbox/camille.dupont@spf55.org",
        "mailbox/lou@verdun.spf55.org",
    }


def test_every_kept_old_mailbox_is_copied_and_no_other(resources: dict[str, Desired]) -> None:
    copies = {key: one.fields for key, one in resources.items() if key.startswith("copy/")}
    assert set(copies) == {
        "copy/camille.dupont@spf55.org",
        "copy/anne-marie@spf55.org",
        "copy/annemarie@spf55.org",
        "copy/contact@spf55.org",
    }
    assert copies["copy/camille.dupont@spf55.org"]["login"] == "k0412"
    merged = copies["copy/annemarie@spf55.org"]
    assert (merged["destination"], merged["folder"]) == ("anne-marie@spf55.org", "annemarie@spf55.org")


def test_every_field_asked_for_is_declared_by_its_kind_and_every_resource_names_its_line(
    resources: dict[str, Desired],
) -> None:
    for resource in resources.values():
        assert set(resource.fields) <= set(KINDS[resource.address.kind].fields)
        assert resource.origin is not None
    assert resources["mailbox/anne-marie@spf55.org"].origin is not None
    line = FEDERATION.splitlines().index("  anne-marie@spf55.org:") + 1
    assert resources["mailbox/anne-marie@spf55.org"].origin.line == line  # type: ignore[union-attr]


def test_prerequisites_are_described_too_and_never_go_round_in_circles(resources: dict[str, Desired]) -> None:
    order: list[str] = []
    waiting = dict(resources)
    while waiting:
        ready = [key for key, one in waiting.items() if after(one) <= set(order)]
        assert ready, f"these wait for each other or for nothing described: {sorted(waiting)}"
        order += ready
        for key in ready:
            del waiting[key]


def test_the_examples_compile() -> None:
    federations = load_federations(ROOT / "federations").select()
    now = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    compiled = compile_federations(federations, load_settings([ROOT / "reconcile.toml"]), now)
    boxes = [one.address for one in compiled if one.address.kind == "mailbox"]
    assert len(boxes) >= 45
    assert len({one.address for one in compiled}) == len(compiled)
    assert declared_domains(federations)["verdun.spf55.org"] == "spf55"
    assert Address("spf55", "domain", "spf55.org") in {one.address for one in compiled}


@pytest.mark.parametrize(
    ("day", "lock", "cutover"),
    [
        (dt.date(2025, 1, 20), "2025-01-19T15:00:00+00:00", "2025-01-19T17:00:00+00:00"),
        (dt.date(2025, 4, 7), "2025-04-06T14:00:00+00:00", "2025-04-06T16:00:00+00:00"),
        (dt.date(2025, 3, 31), "2025-03-30T14:00:00+00:00", "2025-03-30T16:00:00+00:00"),  # the clocks change that day
    ],
)
def test_sixteen_and_eighteen_hours_are_those_of_paris_in_every_season(day: dt.date, lock: str, cutover: str) -> None:
    moments = milestones(day, Calendar())
    assert moments.lock.isoformat() == lock
    assert moments.cutover.isoformat() == cutover


def test_without_a_date_nothing_of_the_switch_is_ever_due() -> None:
    assert milestones(None, Calendar()).cutover == UNSCHEDULED


def with_relay(**relay: str) -> Settings:
    settings = load_settings([ROOT / "reconcile.toml"])
    server = settings.legacy["mutualise"].model_copy(update={"relay": Relay(host="smtp.mutualise.example", **relay)})  # type: ignore[arg-type]
    return settings.model_copy(update={"legacy": {"mutualise": server}})


def test_the_way_to_the_old_host_is_there_a_week_before_the_switch_which_waits_for_it(tmp_path: Path) -> None:
    (tmp_path / "spf55.yaml").write_text(FEDERATION, encoding="utf-8")
    found = compiled_at(tmp_path, dt.datetime(2024, 12, 1, tzinfo=dt.UTC), with_relay(tls="name", name="Smtp.Example"))
    way = found["connector/spf55.org"]
    assert way.fields == {
        "server": "mutualise",
        "host": "smtp.mutualise.example",
        "tls": "name smtp.example",
        "enabled": True,
        "domains": ("spf55.org", "verdun.spf55.org"),
        "proved_by": ("contact@spf55.org",),
    }
    assert way.due == dt.datetime(2025, 1, 13, 17, tzinfo=dt.UTC)
    assert after(way) == {"mail_flow/spf55.org", "mail_flow/verdun.spf55.org"}
    assert "connector/spf55.org" in after(found["dns/verdun.spf55.org/MX"])


def test_the_way_to_the_old_host_ends_once_every_domain_is_authoritative(tmp_path: Path) -> None:
    (tmp_path / "spf55.yaml").write_text(FEDERATION, encoding="utf-8")
    over = dt.datetime(2025, 1, 21, 17, tzinfo=dt.UTC)
    found = compiled_at(tmp_path, over, with_relay())
    assert found["connector/spf55.org"].fields == {"domains": ()}
    assert found["connector/spf55.org"].due == over
    assert after(found["connector/spf55.org"]) == {"mail_flow/spf55.org", "mail_flow/verdun.spf55.org"}
    assert "connector/spf55.org" not in after(found["dns/spf55.org/MX"])


def with_handover() -> Settings:
    settings = load_settings([ROOT / "reconcile.toml"])
    by_hand = HandoverByHand(hand_over=("relay {domain}",), take_back=("local {domain}",))
    handover = Handover(by_hand=by_hand, sender="sonde@spf88.org", submission="smtp.mutualise.example:587")
    server = settings.legacy["mutualise"].model_copy(update={"handover": handover})
    return settings.model_copy(update={"legacy": {"mutualise": server}})


@pytest.mark.parametrize(("days", "proved"), [(-60, "once"), (0, "once"), (1, "again"), (30, "again")])
def test_the_old_host_sends_mail_on_once_every_domain_is_authoritative(tmp_path: Path, days: int, proved: str) -> None:
    """Before it would be a loop; a day later it is proved again."""
    (tmp_path / "spf55.yaml").write_text(FEDERATION, encoding="utf-8")
    authoritative = dt.datetime(2025, 1, 21, 17, tzinfo=dt.UTC)
    found = compiled_at(tmp_path, authoritative + dt.timedelta(days=days), with_handover())["handover/spf55.org"]
    assert found.fields == {
        "host": "mutualise",
        "domains": ("spf55.org", "verdun.spf55.org"),
        "known": ("contact@spf55.org",),
        "proved": proved,
    }
    assert found.due == authoritative
    assert after(found) == {"mail_flow/spf55.org", "mail_flow/verdun.spf55.org"}


def test_without_a_server_to_relay_to_or_an_old_host_there_is_no_way(tmp_path: Path) -> None:
    (tmp_path / "spf55.yaml").write_text(FEDERATION, encoding="utf-8")
    assert "connector/spf55.org" not in compiled_at(tmp_path, dt.datetime(2024, 12, 1, tzinfo=dt.UTC))
