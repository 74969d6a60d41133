"""Records a DNS host serves otherwise than it lists them: switched off, noted, of no TTL of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from tests.providers.dns.hosted.test_hosted import ZONE, cloudflare, ovh, put, see, served
from tests.providers.dns.hosted.test_powerdns import PLAIN, hosted_on
from tests.providers.dns.servers import API_KEY, PowerDns, transfer

from reconcile.providers.base import Live, Order, Scope, Wanted
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Value


def api(server: PowerDns, origin: str) -> str:
    return f"http://127.0.0.1:{server.api_port}/api/v1/servers/localhost/zones/{origin}."


def patch(server: PowerDns, origin: str, rrset: dict[str, object]) -> None:
    body = {"rrsets": [rrset | {"changetype": "REPLACE"}]}
    requests.patch(api(server, origin), json=body, headers={"X-API-Key": API_KEY}, timeout=30).raise_for_status()


def rows(server: PowerDns, origin: str, name: str, rdtype: str) -> dict[str, bool]:
    """Each record's content, and whether it is switched off."""
    found = requests.get(api(server, origin), headers={"X-API-Key": API_KEY}, timeout=30).json()["rrsets"]
    (one,) = [rrset for rrset in found if (rrset["name"], rrset["type"]) == (f"{name}{origin}.", rdtype)]
    return {record["content"]: record["disabled"] for record in one["records"]}


OFF = {
    "the old record": '"v=spf1 ip4:192.0.2.99 -all"',
    "a text": '"switched off"',
}


@pytest.mark.parametrize("off", OFF.values(), ids=OFF)
def test_records_switched_off_are_neither_read_nor_switched_on(powerdns: PowerDns, tmp_path: Path, off: str) -> None:
    world = hosted_on(powerdns, tmp_path, PLAIN).world
    origin = world.origin
    live = [{"content": content, "disabled": False} for content in rows(powerdns, origin, "", "TXT")]
    patch(
        powerdns,
        origin,
        {"name": f"{origin}.", "type": "TXT", "ttl": 1800, "records": [*live, {"content": off, "disabled": True}]},
    )
    shown = world.see("TXT/spf")
    assert isinstance(shown, Live), "one record, not two"
    world.put("TXT/verification", contains=("MS=ms12345678",))
    world.put("TXT/spf", includes=("spf.protection.outlook.com",))
    kept = rows(powerdns, origin, "", "TXT")
    assert kept[off] is True
    assert len([content for content, disabled in kept.items() if "v=spf1" in content and not disabled]) == 1
    texts = [
        text for (_, rdtype), (_, values) in transfer(world.port, origin).items() if rdtype == 16 for text in values
    ]
    assert not [text for text in texts if off.strip('"').encode() in text]


def test_an_mx_that_is_switched_off_whole_is_absent_and_stays_off(powerdns: PowerDns, tmp_path: Path) -> None:
    world = hosted_on(powerdns, tmp_path, PLAIN).world
    old = dict.fromkeys(rows(powerdns, world.origin, "", "MX"), True)
    records = [{"content": content, "disabled": True} for content in old]
    patch(powerdns, world.origin, {"name": f"{world.origin}.", "type": "MX", "ttl": 300, "records": records})
    assert not isinstance(world.see("MX"), Live)
    new = "0 x.o-v1.mx.microsoft."
    world.put("MX", values=(new,))
    assert rows(powerdns, world.origin, "", "MX") == old | {new: False}


def test_an_alias_at_the_apex_of_cloudflare_leaves_the_zone_readable() -> None:
    host = cloudflare()
    first = next(key for key, row in host.records.items() if row["type"] == "A")
    host.records[first] = {"name": ZONE, "type": "CNAME", "ttl": 1, "content": "web.oldhost.example", "proxied": True}
    before = dict(host.records[first])
    with served(host) as provider:
        shown = see(provider, f"{ZONE}/MX")
        assert isinstance(shown, Live), shown
        for key in (f"{ZONE}/MX", f"{ZONE}/TXT/verification"):
            host_allows_alias = host.records.pop(first)  # the imitation knows no flattening
            put(provider, key)
            host.records[first] = host_allows_alias
    assert host.records[first] == before


def test_comments_and_tags_of_other_records_at_the_name_stay_at_cloudflare() -> None:
    host = cloudflare()
    noted = {key: row for key, row in host.records.items() if row["type"] in ("TXT", "MX") and row["name"] == ZONE}
    for number, row in enumerate(noted.values()):
        row |= {"comment": f"comment {number}", "tags": [f"owner:{number}"]}
    before = {key: dict(row) for key, row in noted.items()}
    with served(host) as provider:
        put(provider, f"{ZONE}/TXT/verification")
        assert {key: host.records[key] for key in before} == before
        put(provider, f"{ZONE}/TXT/spf")
    notes = {row.get("comment") for row in host.records.values() if row["type"] == "TXT" and row["name"] == ZONE}
    assert {row["comment"] for row in before.values() if row["type"] == "TXT"} <= notes
    (token,) = [row for row in host.records.values() if "MS=ms" in row["content"]]
    assert "comment" not in token, "ours bears nobody's note"


@pytest.mark.parametrize("ttl", [3600, 300])
def test_a_ttl_comes_to_rest_at_ovh_where_the_default_is_stored_as_none(ttl: int) -> None:
    host = ovh()
    write = host.answer

    def stores_the_default_as_zero(method: str, path: str, query: dict[str, str], body: dict[str, object]) -> object:
        return write(method, path, query, body | {"ttl": 0} if body.get("ttl") == 3600 else body)

    host.answer = stores_the_default_as_zero  # type: ignore[method-assign,assignment]
    key = f"{ZONE}/MX/ttl"
    for number, row in enumerate(row for row in host.records.values() if row["fieldType"] == "MX"):
        row["ttl"] = 0 if number else 600
    with served(host) as provider:
        wanted: dict[str, Value] = {"ttl": ttl}
        shown = see(provider, key)
        assert isinstance(shown, Live)
        provider.writer.update(Order(Address("spf55", "dns", key), shown, wanted, frozenset(wanted)))
        after = see(provider, key)
    assert isinstance(after, Live)
    assert after.fields == wanted
    assert (
        len(
            {row["ttl"] for row in host.records.values() if row["fieldType"] == "MX"} - {ttl, 0 if ttl == 3600 else ttl}
        )
        <= 1
    )


def test_rows_of_one_set_with_unequal_ttls_get_one() -> None:
    host = ovh()
    for number, row in enumerate(row for row in host.records.values() if row["fieldType"] == "MX"):
        row["ttl"] = 300 if number == 0 else 86400
    key = f"{ZONE}/MX/ttl"
    with served(host) as provider:
        shown = see(provider, key)
        assert isinstance(shown, Live)
        assert shown.fields == {"ttl": 86400}, "what a cache may hold"
        provider.writer.update(Order(Address("spf55", "dns", key), shown, {"ttl": 300}, frozenset({"ttl"})))
    assert {row["ttl"] for row in host.records.values() if row["fieldType"] == "MX"} == {300}


def test_a_policy_behind_an_alias_at_a_host_is_its_owners() -> None:
    host = cloudflare()
    policy = next(key for key, row in host.records.items() if row["name"] == f"_dmarc.{ZONE}")
    host.records[policy] |= {"type": "CNAME", "content": "spf55.dmarc.service.example"}
    wanted: dict[str, Value] = {"contains": ("v=DMARC1",)}
    address = Address("spf55", "dns", f"_dmarc.{ZONE}/TXT/dmarc")
    with served(host) as provider:
        shown = provider.reader.observe(Scope([Wanted(address, Desired(address, wanted))], {})).observed[address]
    assert isinstance(shown, Live), shown
    assert shown.fields == wanted


def test_rows_of_other_people_keep_their_own_ttls_at_ovh() -> None:
    host = ovh()
    (google,) = [row for row in host.records.values() if "google" in row["target"]]
    google["ttl"] = 86400
    before = {number: dict(row) for number, row in host.records.items()}
    with served(host) as provider:
        put(provider, f"{ZONE}/TXT/verification")
        put(provider, f"{ZONE}/TXT/spf")
    changed = [row for number, row in host.records.items() if row != before.get(number)]
    assert sorted(row["target"].split()[0] for row in changed) == ['"MS=ms12345678"', '"v=spf1']


def test_a_selector_that_leads_there_by_another_name_of_the_zone_is_its_owners_at_a_host() -> None:
    host = ovh()
    assigned = "selector1-x._domainkey.y.z-v1.dkim.mail.microsoft."
    for number, (name, target) in enumerate((("selector1._domainkey", f"two.{ZONE}."), ("two", assigned))):
        host.records[number] = {"subDomain": name, "fieldType": "CNAME", "ttl": 0, "target": target}
    address = Address("spf55", "dns", f"selector1._domainkey.{ZONE}/CNAME")
    wanted: dict[str, Value] = {"values": (assigned,)}
    with served(host) as provider:
        shown = provider.reader.observe(Scope([Wanted(address, Desired(address, wanted))], {})).observed[address]
    assert isinstance(shown, Live), shown
    assert shown.fields["values"] == wanted["values"]
