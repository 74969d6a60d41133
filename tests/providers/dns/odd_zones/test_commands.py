"""Zones that a server or a host treats in its own way: the commands, on that server and the sandbox's tenant."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import dns.name
import dns.query
import dns.rdatatype
import dns.zone
import pytest
import responses
from tests.providers.dns.elsewhere import DOMAIN, TOKEN, Elsewhere, Rows, at_ovh, kept, ovh_rows
from tests.providers.dns.hosts import Cloudflare, Host, Ovh
from tests.providers.dns.odd_zones.test_key import ALL_BUT_AUTODISCOVER
from tests.providers.dns.odd_zones.test_signed_elsewhere import sign_offline
from tests.providers.dns.servers import KEY, KEY_NAME, SECRET, Bind, Server

OVH = {"APPLICATION_KEY": "k", "APPLICATION_SECRET": TOKEN, "CONSUMER_KEY": "c"}


def zone_text(rows: Rows) -> str:
    """The sandbox's zone as a master file for another server."""
    head = "$TTL 3600\n@ IN SOA ns1 hostmaster 2026010101 3600 600 1209600 900\n@ IN NS ns1\nns1 IN A 127.0.0.1\n"
    records = (f"{name} {ttl} IN {kind} {text}\n" for (name, kind), (ttl, texts) in rows.items() for text in texts)
    return head + "".join(line for line in records if not line.startswith("ns1 "))


def served_by(server: Server, elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name it as the primary; ``[dns]`` is the table that is open."""
    kept(elsewhere, f'host = "127.0.0.1"\nport = {server.port}\nkey_name = "{KEY_NAME}"\n')
    monkeypatch.setenv("RECONCILE_DNS_KEY", SECRET)


def shown_by(server: Server) -> Rows:
    zone = dns.zone.Zone(dns.name.from_text(DOMAIN), relativize=True)
    query = dns.message.make_query(DOMAIN, dns.rdatatype.AXFR)
    query.use_tsig(KEY)
    dns.query.inbound_xfr("127.0.0.1", zone, query, port=server.port)
    return {
        (name.to_text(), dns.rdatatype.to_text(rdataset.rdtype)): (
            rdataset.ttl,
            sorted(rdata.to_text(origin=zone.origin, relativize=False) for rdata in rdataset),
        )
        for name, rdataset in zone.iterate_rdatasets()
        if rdataset.rdtype not in (dns.rdatatype.SOA, dns.rdatatype.NS)
    }


def plain(said: str) -> str:
    return " ".join(said.split())


@pytest.mark.parametrize("kind", ["knot", "powerdns"])
def test_a_zone_signed_elsewhere_is_found_by_our_token_and_the_switch_is_blocked(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, kind: str
) -> None:
    server: Server = request.getfixturevalue(kind)
    sign_offline(server, DOMAIN, zone_text(elsewhere.rows()))
    served_by(server, elsewhere, monkeypatch)
    before = shown_by(server)
    said = plain(elsewhere.run("apply", "--yes"))
    assert "DNS23 spf55.org is signed (DNSSEC) elsewhere" in said
    assert "the zone must be signed where it is written" in said
    assert shown_by(server) == before, "undone"
    for command in (("plan",), ("rehearse",), ("dns", "check", "spf55")):
        assert "is signed (DNSSEC) elsewhere" in plain(elsewhere.run(*command)), command


def test_a_key_for_some_names_is_told_by_the_rehearsal_and_does_what_it_may(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, bind: Bind
) -> None:
    bind.policies[DOMAIN] = [rule.replace("ORIGIN", f"{DOMAIN}.") for rule in ALL_BUT_AUTODISCOVER]
    bind.add(DOMAIN, zone_text(elsewhere.rows()))
    served_by(bind, elsewhere, monkeypatch)
    refused = f"does not let the key '{KEY_NAME}' change autodiscover.{DOMAIN} CNAME."
    assert refused in plain(elsewhere.run("rehearse"))
    said = ""
    for _ in range(4):  # what the tenant must see first is seen by the next apply
        said = plain(elsewhere.run("apply", "--yes"))
        elsewhere.show({key: row for key, row in shown_by(bind).items() if key[0] != "ns1"})
    assert f"DNS05 the DNS server 127.0.0.1:{bind.port} {refused}" in said
    shown = shown_by(bind)
    assert shown["@", "MX"][1][0].endswith(".mx.microsoft.")
    assert ("autodiscover", "CNAME") not in shown
    assert {("selector1._domainkey", "CNAME"), ("selector2._domainkey", "CNAME"), ("_dmarc", "TXT")} <= shown.keys()


def test_a_server_without_dynamic_update_is_read_and_told_as_that(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, nsd: Server
) -> None:
    nsd.add(DOMAIN, zone_text(elsewhere.rows()))
    served_by(nsd, elsewhere, monkeypatch)
    before = shown_by(nsd)
    told = f"DNS24 the DNS server 127.0.0.1:{nsd.port} takes no dynamic updates (NOTIMP to an update of {DOMAIN};"
    assert "DNS" not in elsewhere.run("plan", "--target", "spf55/dns/*")
    assert told in plain(elsewhere.run("rehearse", expect=1))
    assert told in plain(elsewhere.run("apply", "--yes"))
    assert shown_by(nsd) == before
    assert "cannot be read" not in elsewhere.run("dns", "check", "spf55")


@contextlib.contextmanager
def hosted(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, host: Host) -> Iterator[Host]:
    for option, value in OVH.items():
        monkeypatch.setenv(f"RECONCILE_DNS_MEUSE_{option}", value)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        mocked.add_passthru("https://127.0.0.1")
        host.play(mocked)
        yield host


def test_what_the_host_lists_otherwise_than_its_server_shows_is_said(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = f'service = "ovh"\nzones = ["{DOMAIN}"]\noptions = {{endpoint = "ovh-eu"}}\n'
    kept(elsewhere, f'[dns.hosted.meuse]\n{account}server = "127.0.0.1"\nport = {elsewhere.port}\n')
    host = Ovh(DOMAIN, ovh_rows(elsewhere.rows()))
    with hosted(elsewhere, monkeypatch, host):
        says = f"for {DOMAIN} MX, where the DNS host lists 10 mx1.mutualise.example., 20 mx2.mutualise.example."
        assert says not in plain(elsewhere.run("plan"))
        shown = elsewhere.rows()
        elsewhere.show(shown | {("@", "MX"): (300, ["5 other.mutualise.example."])})
        for command in (("plan",), ("rehearse",), ("dns", "check", "spf55")):
            assert f"shows 5 other.mutualise.example. {says}" in plain(elsewhere.run(*command)), command
        elsewhere.show({key: row for key, row in shown.items() if key != ("@", "MX")})
        assert f"shows nothing {says}" in plain(elsewhere.run("plan"))
        host.refuses = True
        said = plain(elsewhere.run("rehearse", expect=1))
        assert "✗ DNS17 The DNS host Ovh did not do as asked (403)." in said


def test_a_rehearsal_without_the_accounts_secret_says_that_it_was_not_tried(elsewhere: Elsewhere) -> None:
    kept(elsewhere, f'[dns.hosted.meuse]\nservice = "gandi"\nzones = ["{DOMAIN}"]\n')
    assert "Not tried: No token of the DNS account meuse." in plain(elsewhere.run("rehearse"))


def test_a_ttl_that_the_host_stores_as_its_default_comes_to_rest(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = at_ovh(elsewhere)
    write = host.answer

    def stores_the_default_as_zero(method: str, path: str, query: dict[str, str], body: dict[str, object]) -> object:
        return write(method, path, query, body | {"ttl": 0} if body.get("ttl") == 3600 else body)

    host.answer = stores_the_default_as_zero  # type: ignore[method-assign,assignment]
    with hosted(elsewhere, monkeypatch, host):
        assert "DNS08" not in elsewhere.run("apply", "--yes", expect=0)
        assert "Nothing to do" in elsewhere.run("plan", "--detailed-exitcode", expect=0)


def test_an_alias_at_the_apex_of_cloudflare_and_notes_of_others_stay(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(elsewhere, f'[dns.hosted.meuse]\nservice = "cloudflare"\nzones = ["{DOMAIN}"]\n')
    rows = [
        (name.strip("@"), kind, ttl, text) for (name, kind), (ttl, texts) in elsewhere.rows().items() for text in texts
    ]

    class Flattening(Cloudflare):
        """Holds an alias at the apex beside other records, and shows the world its address."""

        def answer(self, method, path, query, body):  # type: ignore[no-untyped-def]
            alias = self.records.pop("apex", None) if method != "GET" else None
            try:
                return super().answer(method, path, query, body)
            finally:
                if alias is not None:
                    self.records["apex"] = alias

        def look(self) -> None:
            super().look()
            shown: Rows = {}
            for row in self.records.values():
                name = row["name"].removesuffix(DOMAIN).rstrip(".") or "@"
                if (name, row["type"]) != ("@", "CNAME"):
                    dot = "." if row["type"] in ("CNAME", "MX") else ""
                    text = (
                        f"{row['priority']} {row['content']}{dot}" if row["type"] == "MX" else f"{row['content']}{dot}"
                    )
                    ttl = 300 if row["ttl"] == 1 else row["ttl"]
                    shown.setdefault((name, row["type"]), (ttl, []))[1].append(text)
            elsewhere.show({key: (ttl, sorted(texts)) for key, (ttl, texts) in shown.items()})

    host = Flattening(DOMAIN, [(name, kind, ttl, text.rstrip(".")) for name, kind, ttl, text in rows])
    alias = {"name": DOMAIN, "type": "CNAME", "ttl": 1, "content": "web.oldhost.example", "proxied": True}
    host.records["apex"] = dict(alias)
    note = next(row for row in host.records.values() if row["type"] == "TXT" and "v=spf1" not in row["content"])
    note |= {"comment": "web shop", "tags": ["owner:web"]}
    monkeypatch.setenv("RECONCILE_DNS_MEUSE_TOKEN", TOKEN)
    with hosted(elsewhere, monkeypatch, host):
        elsewhere.run("apply", "--yes", expect=0)
        assert "Nothing to do" in elsewhere.run("plan", "--detailed-exitcode", expect=0)
        assert elsewhere.rows()["@", "MX"][1][0].endswith(".mx.microsoft.")
    assert host.records["apex"] == alias
    assert note in host.records.values()
