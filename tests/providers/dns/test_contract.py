"""What the provider promises, on every server."""

from __future__ import annotations

import concurrent.futures

import pytest
from tests.providers.dns.servers import SECRET, Server, change, transfer
from tests.providers.dns.world import ORDINARY, World, settings_of, zone_on

from reconcile.clock import SystemClock
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT, Unknown
from reconcile.providers.dns.primary.key_probe import try_key
from reconcile.providers.dns.provider import signing_primary
from reconcile.resources.resource import Live, Value

MX = ("0 spf55-org.mail.protection.outlook.com.",)
TOKEN = ("MS=ms12345678",)
OUTLOOK = ("spf.protection.outlook.com",)
AUTODISCOVER = ("autodiscover.outlook.com.",)
WHOLE_DOMAIN = {
    "TXT/verification": {"contains": TOKEN},
    "TXT/spf": {"includes": OUTLOOK},
    "MX": {"values": MX},
    "autodiscover CNAME": {"values": AUTODISCOVER},
}


def test_what_is_there_is_read_in_one_spelling(world: World) -> None:
    seen = world.see_all(WHOLE_DOMAIN)
    mx = seen["MX"]
    assert isinstance(mx, Live)
    assert mx.fields == {"values": ("10 mx1.oldhost.example.", "20 mx2.oldhost.example."), "ttl": 86400}
    texts = seen["TXT/verification"]
    assert isinstance(texts, Live)
    assert "two strings" in texts.fields["contains"]
    spf = seen["TXT/spf"]
    assert isinstance(spf, Live)
    assert spf.fields == {"includes": ("spf.oldhost.example",)}
    assert spf.context["record"] == "v=spf1 a mx include:spf.oldhost.example ip4:198.51.100.7 ~all"


def test_a_key_is_tried_without_changing_anything(world: World) -> None:
    before = transfer(world.port, world.origin)
    good = signing_primary(settings_of(world.port), SECRET, SystemClock())
    assert try_key(good, [world.origin, f"verdun.{world.origin}"]) == dict.fromkeys(
        [world.origin, f"verdun.{world.origin}"]
    )
    stranger = signing_primary(settings_of(world.port, "nobodys-key"), SECRET, SystemClock())
    refused = try_key(stranger, [world.origin])[world.origin]
    assert refused is not None
    assert refused.code == "DNS03"
    assert transfer(world.port, world.origin) == before


def test_a_name_that_does_not_exist_is_absent(world: World) -> None:
    assert world.see("selector1._domainkey CNAME") == ABSENT
    assert world.see("www.deeper MX") == ABSENT


def test_a_type_that_the_name_lacks_is_absent(world: World) -> None:
    assert world.see("ns1 MX") == ABSENT


def test_a_zone_of_another_server_is_unknown_not_absent(world: World) -> None:
    elsewhere = World(world.server, "elsewhere.test", world.provider)
    shown = elsewhere.see("MX")
    assert isinstance(shown, Unknown)
    assert "elsewhere.test" in shown.reason
    assert "127.0.0.1" in shown.reason


def test_a_whole_domain_is_switched_and_a_second_look_finds_nothing_to_do(world: World) -> None:
    for key, fields in WHOLE_DOMAIN.items():
        world.put(key, **fields)
    seen = world.see_all(WHOLE_DOMAIN)
    assert seen["MX"].fields["values"] == MX
    assert seen["autodiscover CNAME"].fields["values"] == AUTODISCOVER
    assert set(TOKEN) <= set(seen["TXT/verification"].fields["contains"])
    assert set(OUTLOOK) <= set(seen["TXT/spf"].fields["includes"])


def test_writing_again_what_is_there_sends_nothing(world: World) -> None:
    first = world.put("MX", values=MX)
    serial = world.see("SOA").fields["values"]
    assert world.put("MX", values=MX).fields == first.fields
    assert world.see("SOA").fields["values"] == serial


def test_the_new_include_stands_before_all_and_nothing_else_moves(world: World) -> None:
    before = transfer(world.port, world.origin)
    spf = world.put("TXT/spf", includes=OUTLOOK)
    assert spf.context["record"] == (
        "v=spf1 a mx include:spf.oldhost.example ip4:198.51.100.7 include:spf.protection.outlook.com ~all"
    )
    after = transfer(world.port, world.origin)
    assert {key for key in before | after if before.get(key) != after.get(key)} == {(f"{world.origin}.", 16)}


def test_other_peoples_texts_stay_octet_for_octet(world: World) -> None:
    apex = (f"{world.origin}.", 16)
    ttl, before = transfer(world.port, world.origin)[apex]
    world.put("TXT/verification", contains=TOKEN)
    ttl_after, after = transfer(world.port, world.origin)[apex]
    assert before < after
    assert len(after - before) == 1
    assert ttl_after == ttl == 1800


def test_an_existing_ttl_is_kept_and_the_records_of_the_switch_are_born_short(server: Server) -> None:
    world = zone_on(server, ORDINARY)
    assert world.put("MX", values=MX).fields["ttl"] == 86400
    bare = zone_on(server, "\n".join(ORDINARY.splitlines()[:5]) + "\n")
    assert bare.put("MX", values=MX).fields["ttl"] == 300
    assert bare.put("autodiscover CNAME", values=AUTODISCOVER).fields["ttl"] == 300
    assert bare.put("selector1._domainkey CNAME", values=("s1.example.",)).fields["ttl"] == 3600


def test_a_ttl_alone_can_be_lowered(world: World) -> None:
    old = world.see("MX").fields["values"]
    assert world.put("MX", values=old, ttl=300).fields == {"values": old, "ttl": 300}
    assert world.put("autodiscover CNAME", values=("autodiscover.oldhost.example.",), ttl=300).fields["ttl"] == 300


def test_a_domain_without_any_txt_gets_token_and_spf_at_the_same_moment(server: Server) -> None:
    """Both were planned on an absent RRset; whoever comes second must not take the first for a stranger."""
    bare = zone_on(server, "\n".join(ORDINARY.splitlines()[:5]) + "\n")
    orders = [bare.order(key, bare.see(key), **WHOLE_DOMAIN[key]) for key in ("TXT/verification", "TXT/spf")]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        lives = list(pool.map(bare.provider.writer.create, orders))
    assert lives[1].context["record"] == "v=spf1 include:spf.protection.outlook.com ?all"
    assert set(bare.see("TXT/verification").fields["contains"]) == {*TOKEN, lives[1].context["record"]}


def test_an_edit_between_plan_and_apply_is_refused_and_nothing_is_written(world: World) -> None:
    planned = world.see("MX")
    change(world.port, world.origin, add=["@ 86400 MX 30 mx3.oldhost.example."])
    before = transfer(world.port, world.origin)
    with pytest.raises(Problem) as refusal:
        world.provider.writer.update(world.order("MX", planned, values=MX))
    assert refusal.value.code == "DNS07"
    assert "mx3.oldhost.example" in refusal.value.message
    assert transfer(world.port, world.origin) == before


def test_an_spf_record_edited_since_the_plan_is_refused(world: World) -> None:
    planned = world.see("TXT/spf")
    old = planned.context["record"]
    change(world.port, world.origin, delete=[f'@ TXT "{old}"'], add=['@ 1800 TXT "v=spf1 include:new.example -all"'])
    with pytest.raises(Problem, match="changed since the plan"):
        world.provider.writer.update(world.order("TXT/spf", planned, includes=OUTLOOK))


def test_a_stranger_text_added_since_the_plan_is_no_hindrance_and_survives(world: World) -> None:
    planned = world.see("TXT/verification")
    change(world.port, world.origin, add=['@ 1800 TXT "atlassian=new"'])
    live = world.provider.writer.update(world.order("TXT/verification", planned, contains=TOKEN))
    assert {"atlassian=new", *TOKEN} <= set(live.fields["contains"])


def test_two_spf_records_are_left_for_a_human(server: Server) -> None:
    world = zone_on(server, ORDINARY + '@ 1800 IN TXT "V=SPF1 -all"\n')
    shown = world.see("TXT/spf")
    assert isinstance(shown, Unknown)
    assert "2 SPF records" in shown.reason


def test_a_malformed_spf_record_is_left_for_a_human(server: Server) -> None:
    world = zone_on(server, ORDINARY.replace("ip4:198.51.100.7", "ip4:198.51.100"))
    shown = world.see("TXT/spf")
    assert isinstance(shown, Unknown)
    assert "ip4:198.51.100" in shown.reason


def test_texts_without_any_spf_leave_the_spf_absent(server: Server) -> None:
    world = zone_on(server, ORDINARY.replace("v=spf1", "v=spf10"))
    assert world.see("TXT/spf") == ABSENT


def test_a_mail_domain_that_is_an_alias_is_refused_with_its_target(world: World) -> None:
    shown = world.see("www MX")
    assert isinstance(shown, Unknown)
    assert "web.oldhost.example" in shown.reason
    with pytest.raises(Problem) as refusal:
        world.provider.writer.create(world.order("www MX", ABSENT, values=MX))
    assert refusal.value.code == "DNS10"


def test_an_alias_cannot_take_the_place_of_other_records(world: World) -> None:
    before = transfer(world.port, world.origin)
    with pytest.raises(Problem) as refusal:
        world.put("ns1 CNAME", values=AUTODISCOVER)
    assert refusal.value.code == "DNS10"
    assert transfer(world.port, world.origin) == before


def test_a_delegated_subdomain_is_changed_in_its_own_zone(server: Server) -> None:
    parent = zone_on(server, ORDINARY)
    child = World(server, f"ville.{parent.origin}", parent.provider)
    change(parent.port, parent.origin, add=["ville 3600 NS ns.elsewhere.example."])
    shown = child.see("MX")
    assert isinstance(shown, Unknown)
    assert child.origin in shown.reason
    with pytest.raises(Problem) as refusal:
        child.provider.writer.create(child.order("MX", ABSENT, values=MX))
    assert refusal.value.code == "DNS06"
    server.add(child.origin, ORDINARY)
    assert child.put("MX", values=MX).fields["values"] == MX
    assert f"{child.origin}." not in {name for name, _ in transfer(parent.port, parent.origin)} - {f"{child.origin}."}


def test_only_our_token_leaves_when_it_is_no_longer_wanted(world: World) -> None:
    before = transfer(world.port, world.origin)
    world.put("TXT/verification", contains=TOKEN)
    world.take_away("TXT/verification", contains=TOKEN)
    assert transfer(world.port, world.origin) == before


def test_only_our_include_leaves_when_it_is_no_longer_wanted(world: World) -> None:
    before = transfer(world.port, world.origin)
    world.put("TXT/spf", includes=OUTLOOK)
    world.take_away("TXT/spf", includes=OUTLOOK)
    assert transfer(world.port, world.origin) == before


def test_a_record_of_ours_can_be_taken_away(world: World) -> None:
    before = transfer(world.port, world.origin)
    world.put("selector1._domainkey CNAME", values=("s1.example.",))
    world.take_away("selector1._domainkey CNAME", values=("s1.example.",))
    assert transfer(world.port, world.origin) == before


def test_many_records_of_a_zone_change_in_one_update_or_not_at_all(world: World) -> None:
    """The switch of a domain is one moment: MX and autodiscover move together."""
    orders = [world.order(key, world.see(key), **fields) for key, fields in WHOLE_DOMAIN.items()]
    serial = _serial(world)
    assert not [end for end in world.provider.writer.writer.together(orders) if isinstance(end, Problem)]
    assert _serial(world) == serial + 1
    assert world.see("MX").fields["values"] == MX


def test_one_record_that_cannot_be_written_leaves_the_others_of_its_zone_to_be_written(world: World) -> None:
    good, bad = world.order("MX", world.see("MX"), values=MX), world.order("ns1 CNAME", ABSENT, values=AUTODISCOVER)
    refused, written = world.provider.writer.writer.together([bad, good])
    assert isinstance(refused, Problem)
    assert refused.code == "DNS10"
    assert isinstance(written, Live)
    assert world.see("MX").fields["values"] == MX


def test_an_mx_that_leads_nowhere_is_not_published(world: World) -> None:
    """The host is in our own zone, so the primary itself says it has no address."""
    with pytest.raises(Problem) as refusal:
        world.put("MX", values=(f"0 nowhere.{world.origin}.",))
    assert refusal.value.code == "DNS14"
    assert world.put("MX", values=(f"0 ns1.{world.origin}.",)).fields["values"] == (f"0 ns1.{world.origin}.",)


def test_a_lifetime_alone_is_lowered_whatever_the_values_are(world: World) -> None:
    old = world.see("MX").fields["values"]
    assert world.see("MX/ttl").fields == {"ttl": 86400}
    assert world.put("MX/ttl", ttl=300).fields == {"ttl": 300}
    assert world.see("MX").fields == {"values": old, "ttl": 300}
    assert world.put("MX", values=MX).fields["ttl"] == 300
    assert world.put("MX/ttl", ttl=3600).fields == {"ttl": 3600}


def test_there_is_no_lifetime_to_lower_where_there_is_no_record(world: World) -> None:
    serial = _serial(world)
    assert world.put("autodiscover.nothing CNAME/ttl", ttl=300).fields == {"ttl": 300}
    assert _serial(world) == serial


def test_a_domain_without_dmarc_gets_one_that_asks_for_nothing(world: World) -> None:
    before = transfer(world.port, world.origin)
    assert world.see("_dmarc TXT/dmarc") == ABSENT
    live = world.put("_dmarc TXT/dmarc", contains=("v=DMARC1",))
    assert live.context["record"] == "v=DMARC1; p=none"
    world.take_away("_dmarc TXT/dmarc", contains=("v=DMARC1",))
    assert transfer(world.port, world.origin) == before


def test_a_dmarc_record_that_exists_is_its_owners(world: World) -> None:
    change(world.port, world.origin, add=['_dmarc 3600 TXT "v=DMARC1;p=reject"'])
    before = transfer(world.port, world.origin)
    live = world.put("_dmarc TXT/dmarc", contains=("v=DMARC1",))
    assert live.fields == {"contains": ("v=DMARC1",)}
    assert transfer(world.port, world.origin) == before


def test_the_term_mx_is_frozen_before_the_switch_and_the_old_include_leaves_after(world: World) -> None:
    assert world.see("TXT/spf-mx").fields == {"gone": False}
    frozen = world.put("TXT/spf-mx", gone=True)
    assert frozen.context["record"] == (
        "v=spf1 a a:mx1.oldhost.example a:mx2.oldhost.example include:spf.oldhost.example ip4:198.51.100.7 ~all"
    )
    world.put("TXT/spf", includes=OUTLOOK)
    last = world.put("TXT/spf-without-spf.oldhost.example", gone=True)
    assert "include:spf.oldhost.example" not in last.context["record"]
    assert "include:spf.protection.outlook.com ~all" in last.context["record"]


def test_once_the_mx_is_microsofts_the_term_mx_goes_for_it_lets_nobody_send(server: Server) -> None:
    text = ORDINARY.replace("10 mx1.oldhost.example.", "0 x.o-v1.mx.microsoft.").replace("@ 86400 IN MX 20", "; ")
    world = zone_on(server, text)
    assert world.put("TXT/spf-mx", gone=True).context["record"] == (
        "v=spf1 a include:spf.oldhost.example ip4:198.51.100.7 ~all"
    )


def test_all_that_one_plan_wants_of_one_record_is_carried_out_one_after_the_other(world: World) -> None:
    wanted: dict[str, dict[str, Value]] = {
        "TXT/verification": {"contains": ("MS=ms12345678",)},
        "TXT/spf": {"includes": OUTLOOK},
        "TXT/spf-mx": {"gone": True},
        "MX": {"values": MX},
        "MX/ttl": {"ttl": 3600},
        "TXT/spf-without-spf.oldhost.example": {"gone": True},
    }
    planned = world.see_all(wanted)
    for key, fields in wanted.items():
        world.provider.writer.update(world.order(key, planned[key], **fields))
    record = world.see("TXT/spf").context["record"]
    assert record == (
        "v=spf1 a a:mx1.oldhost.example a:mx2.oldhost.example ip4:198.51.100.7 include:spf.protection.outlook.com ~all"
    )
    assert world.see("MX").fields == {"values": MX, "ttl": 3600}


def test_somebody_elses_edit_between_two_of_ours_is_seen(world: World) -> None:
    planned = world.see_all({"TXT/spf": {"includes": OUTLOOK}, "TXT/spf-mx": {"gone": True}})
    world.provider.writer.update(world.order("TXT/spf", planned["TXT/spf"], includes=OUTLOOK))
    record = world.see("TXT/spf").context["record"]
    change(world.port, world.origin, delete=[f'@ TXT "{record}"'], add=['@ 1800 TXT "v=spf1 mx -all"'])
    with pytest.raises(Problem) as refusal:
        world.provider.writer.update(world.order("TXT/spf-mx", planned["TXT/spf-mx"], gone=True))
    assert refusal.value.code == "DNS07"
    assert world.see("TXT/spf").context["record"] == "v=spf1 mx -all"


def _serial(world: World) -> int:
    shown = world.see("SOA")
    assert isinstance(shown, Live)
    (text,) = shown.fields["values"]
    return int(text.split()[2])


def test_many_threads_write_one_zone_without_getting_in_each_others_way(world: World) -> None:
    orders = [world.order(f"host{number} CNAME", ABSENT, values=("ns1.example.",)) for number in range(40)]
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        assert len(list(pool.map(world.provider.writer.create, orders))) == 40
    assert _serial(world) < 2026010101 + 20, "orders that meet travel together"
