"""The embedded DNS server, judged by dnspython's own client."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.tsigkeyring
import dns.update
import dns.zone
import pytest

from reconcile.sandbox.dns.server import DnsServer

ORIGIN = "spf55.example"
KEY, SECRET = "migration", "bWlncmF0aW9uLXNhbmRib3gta2V5LTAwMDE="
ZONE = """
$TTL 3600
@            SOA   ns1.mutualise.example. hostmaster.mutualise.example. 2026010101 7200 3600 1209600 300
@            NS    ns1.mutualise.example.
@            MX    10 mx1.mutualise.example.
@            TXT   "v=spf1 include:_spf.mutualise.example " "~all"
@            TXT   "a-verification=0011"
www          A     192.0.2.80
blog         CNAME www
shop         CNAME www.mutualise.example.
lost         CNAME nowhere
elsewhere    CNAME www.example.net.
round        CNAME trip
trip         CNAME round
*.wild       TXT   "anything"
a.b          A     192.0.2.1
cut          NS    ns.cut
ns.cut       A     192.0.2.53
big          TXT   "{0}" "{0}" "{0}" "{0}" "{0}" "{0}"
""".format("x" * 250)
OTHER = """
$TTL 3600
@    SOA ns1 hostmaster 7 7200 3600 1209600 300
@    NS  ns1
ns1  A   127.0.0.1
www  A   192.0.2.81
"""


@pytest.fixture
def server() -> Iterator[DnsServer]:
    running = DnsServer({ORIGIN: ZONE, "mutualise.example": OTHER}, {KEY: (SECRET, "hmac-sha256")})
    running.start()
    yield running
    running.stop()


@pytest.fixture
def keyring() -> dict[dns.name.Name, dns.tsig.Key]:
    return dns.tsigkeyring.from_text({KEY: ("hmac-sha256", SECRET)})


def ask(server: DnsServer, name: str, rdtype: str, **options: object) -> dns.message.Message:
    question = dns.message.make_query(f"{name}.", rdtype, **options)
    return dns.query.udp(question, "127.0.0.1", port=server.port, timeout=30)


def answers(reply: dns.message.Message) -> list[str]:
    return sorted(rdata.to_text() for rrset in reply.answer for rdata in rrset)


def update(keyring: object, key: str | None = KEY) -> dns.update.UpdateMessage:
    return dns.update.UpdateMessage(f"{ORIGIN}.", keyring=keyring, keyname=key)


def send(server: DnsServer, message: dns.message.Message) -> dns.message.Message:
    return dns.query.tcp(message, "127.0.0.1", port=server.port, timeout=30)


def serial(server: DnsServer) -> int:
    return int(server.resolve(ORIGIN, "SOA")[0].split()[2])


class TestQuestions:
    def test_a_name_of_the_zone_is_answered_with_authority(self, server: DnsServer) -> None:
        reply = ask(server, ORIGIN, "MX")
        assert answers(reply) == ["10 mx1.mutualise.example."]
        assert reply.flags & dns.flags.AA

    def test_case_of_the_question_does_not_matter(self, server: DnsServer) -> None:
        assert answers(ask(server, "WWW.Spf55.EXAMPLE", "A")) == ["192.0.2.80"]

    def test_a_missing_type_is_no_data_and_a_missing_name_is_nxdomain(self, server: DnsServer) -> None:
        nodata, nxdomain = ask(server, f"www.{ORIGIN}", "MX"), ask(server, f"none.{ORIGIN}", "MX")
        assert (nodata.rcode(), nxdomain.rcode()) == (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
        for reply in (nodata, nxdomain):
            assert not reply.answer
            assert reply.authority[0].rdtype == dns.rdatatype.SOA
            assert reply.authority[0].ttl == 300

    def test_a_name_with_something_below_it_exists(self, server: DnsServer) -> None:
        assert ask(server, f"b.{ORIGIN}", "A").rcode() == dns.rcode.NOERROR

    def test_a_wildcard_answers_under_the_name_asked_for(self, server: DnsServer) -> None:
        reply = ask(server, f"x.y.wild.{ORIGIN}", "TXT")
        assert reply.answer[0].name == dns.name.from_text(f"x.y.wild.{ORIGIN}")
        assert answers(reply) == ['"anything"']
        assert ask(server, f"x.wild.{ORIGIN}", "A").rcode() == dns.rcode.NOERROR
        assert not ask(server, f"wild.{ORIGIN}", "TXT").answer

    def test_a_name_created_below_a_wildcard_stops_it_there(
        self, server: DnsServer, keyring: dict[dns.name.Name, dns.tsig.Key]
    ) -> None:
        change = update(keyring)
        change.add("selector._domainkey.ville.wild", 300, "CNAME", "elsewhere.example.net.")
        send(server, change)
        reply = ask(server, f"ville.wild.{ORIGIN}", "TXT")
        assert reply.rcode() == dns.rcode.NOERROR
        assert not reply.answer

    def test_an_alias_is_followed_even_into_another_zone_held_here(self, server: DnsServer) -> None:
        assert "192.0.2.80" in answers(ask(server, f"blog.{ORIGIN}", "A"))
        assert "192.0.2.81" in answers(ask(server, f"shop.{ORIGIN}", "A"))

    def test_an_alias_to_nothing_says_so(self, server: DnsServer) -> None:
        reply = ask(server, f"lost.{ORIGIN}", "A")
        assert reply.rcode() == dns.rcode.NXDOMAIN
        assert reply.answer[0].rdtype == dns.rdatatype.CNAME

    def test_an_alias_leading_out_or_round_in_circles_ends(self, server: DnsServer) -> None:
        assert answers(ask(server, f"elsewhere.{ORIGIN}", "A")) == ["www.example.net."]
        assert ask(server, f"round.{ORIGIN}", "A").rcode() == dns.rcode.NOERROR

    def test_below_a_delegation_comes_a_referral_with_glue(self, server: DnsServer) -> None:
        reply = ask(server, f"deep.cut.{ORIGIN}", "A")
        assert not reply.flags & dns.flags.AA
        assert reply.authority[0].rdtype == dns.rdatatype.NS
        assert reply.additional[0][0].to_text() == "192.0.2.53"

    def test_a_domain_of_nobody_here_is_refused(self, server: DnsServer) -> None:
        assert ask(server, "example.net", "A").rcode() == dns.rcode.REFUSED

    def test_an_answer_too_long_for_udp_is_cut_and_whole_over_tcp(self, server: DnsServer) -> None:
        assert ask(server, f"big.{ORIGIN}", "TXT").flags & dns.flags.TC
        assert ask(server, f"big.{ORIGIN}", "TXT", use_edns=0, payload=4096).flags & dns.flags.TC
        question = dns.message.make_query(f"big.{ORIGIN}.", "TXT")
        reply, over_tcp = dns.query.udp_with_fallback(question, "127.0.0.1", port=server.port, timeout=30)
        assert over_tcp
        assert len(answers(reply)[0]) > 1500

    def test_an_unknown_edns_version_is_named(self, server: DnsServer) -> None:
        assert ask(server, ORIGIN, "MX", use_edns=1).rcode() == dns.rcode.BADVERS

    def test_two_questions_on_one_connection_without_waiting(self, server: DnsServer) -> None:
        questions = [dns.message.make_query(f"{name}.{ORIGIN}.", "A") for name in ("www", "a.b")]
        with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
            for question in questions:
                dns.query.send_tcp(connection, question)
            replies = [dns.query.receive_tcp(connection)[0] for _ in questions]
        assert [reply.id for reply in replies] == [question.id for question in questions]
        assert [answers(reply) for reply in replies] == [["192.0.2.80"], ["192.0.2.1"]]

    def test_noise_does_not_stop_the_server(self, server: DnsServer) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noisy:
            for noise in (b"", b"hello", b"\x00" * 11, b"\x12\x34\x01\x00\x00\x05" + b"\xff" * 40):
                noisy.sendto(noise, ("127.0.0.1", server.port))
        assert ask(server, ORIGIN, "MX").rcode() == dns.rcode.NOERROR

    def test_the_tenant_reads_txt_strings_joined_and_through_wildcards(self, server: DnsServer) -> None:
        assert "v=spf1 include:_spf.mutualise.example ~all" in server.resolve(ORIGIN, "TXT")
        assert server.resolve(f"any.wild.{ORIGIN}", "TXT") == ["anything"]
        assert server.resolve(f"shop.{ORIGIN}", "A") == ["192.0.2.81"]
        assert server.resolve(f"none.{ORIGIN}", "TXT") == []


class TestTransfers:
    def test_the_whole_zone_goes_to_whoever_holds_the_key(
        self, server: DnsServer, keyring: dict[dns.name.Name, dns.tsig.Key]
    ) -> None:
        zone = dns.zone.Zone(f"{ORIGIN}.", relativize=False)
        question = dns.message.make_query(f"{ORIGIN}.", "AXFR")
        question.use_tsig(keyring, KEY)
        dns.query.inbound_xfr("127.0.0.1", zone, question, port=server.port, timeout=30)
        assert zone.nodes.keys() == dns.zone.from_text(ZONE, f"{ORIGIN}.", relativize=False).nodes.keys()

    def test_a_client_announcing_small_datagrams_still_gets_it_over_tcp(
        self, server: DnsServer, keyring: dict[dns.name.Name, dns.tsig.Key]
    ) -> None:
        question = dns.message.make_query(f"{ORIGIN}.", "AXFR", use_edns=0, payload=1232)
        question.use_tsig(keyring, KEY)
        assert len(answers(send(server, question))) > 15

    def test_nobody_else_gets_it(self, server: DnsServer) -> None:
        reply = send(server, dns.message.make_query(f"{ORIGIN}.", "AXFR"))
        assert reply.rcode() == dns.rcode.REFUSED

    def test_a_long_zone_comes_in_several_signed_messages(self, keyring: dict[dns.name.Name, dns.tsig.Key]) -> None:
        many = ZONE + "".join(f"host{n} A 192.0.2.{n % 250}\n" for n in range(300))
        server = DnsServer({ORIGIN: many}, {KEY: (SECRET, "hmac-sha256")})
        server.start()
        try:
            question = dns.message.make_query(f"{ORIGIN}.", "AXFR")
            question.use_tsig(keyring, KEY)
            zone = dns.zone.Zone(f"{ORIGIN}.", relativize=False)
            dns.query.inbound_xfr("127.0.0.1", zone, question, port=server.port, timeout=30)
            assert sum(1 for name in zone.nodes if str(name).startswith("host")) == 300
        finally:
            server.stop()


class TestSignatures:
    def test_an_unsigned_update_is_refused(self, server: DnsServer) -> None:
        change = update(None, None)
        change.add("new", 300, "A", "192.0.2.9")
        assert send(server, change).rcode() == dns.rcode.REFUSED
        assert server.resolve(f"new.{ORIGIN}", "A") == []

    def test_an_unknown_key_hears_badkey(self, server: DnsServer) -> None:
        stranger = dns.tsigkeyring.from_text({"stranger": ("hmac-sha256", SECRET)})
        with pytest.raises(dns.tsig.PeerBadKey):
            send(server, update(stranger, "stranger"))

    def test_the_right_key_with_another_algorithm_hears_badkey(self, server: DnsServer) -> None:
        other = dns.tsigkeyring.from_text({KEY: ("hmac-sha512", SECRET)})
        with pytest.raises(dns.tsig.PeerBadKey):
            send(server, update(other))

    def test_a_wrong_secret_hears_badsig(self, server: DnsServer) -> None:
        wrong = dns.tsigkeyring.from_text({KEY: ("hmac-sha256", "d3JvbmctMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=")})
        with pytest.raises(dns.tsig.PeerBadSignature):
            send(server, update(wrong))

    def test_a_clock_an_hour_off_hears_badtime_signed(
        self, server: DnsServer, keyring: dict[dns.name.Name, dns.tsig.Key], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        change = update(keyring)
        change.add("new", 300, "A", "192.0.2.9")
        now = time.time()
        with monkeypatch.context() as patched:
            patched.setattr("dns.message.time.time", lambda: now - 3600)
            wire = change.to_wire()
        (reply,) = server.replies(wire, over_tcp=True)
        parsed = dns.message.from_wire(reply, keyring=False)
        assert parsed.rcode() == dns.rcode.NOTAUTH
        assert parsed.tsig_error == dns.rcode.BADTIME
        claim = parsed.tsig[0]
        assert abs(int.from_bytes(claim.other, "big") - now) < 60
        with pytest.raises(dns.tsig.PeerBadTime):
            dns.message.from_wire(reply, keyring=keyring, request_mac=change.mac)
        # The signature itself is good: with the error out of the way only the digest decides.
        unsigned = reply[:10] + b"\x00\x00" + reply[12 : len(reply) - _tsig_length(parsed)]
        expected, _ = dns.tsig.sign(unsigned, keyring[dns.name.from_text(KEY)], claim, claim.time_signed, change.mac)
        assert claim.mac == expected.mac

    def test_good_answers_are_signed(self, server: DnsServer, keyring: dict[dns.name.Name, dns.tsig.Key]) -> None:
        assert send(server, update(keyring)).had_tsig


def _tsig_length(message: dns.message.Message) -> int:
    record = message.tsig
    assert record is not None
    return len(record.name.to_wire()) + 10 + len(record[0].to_wire())


PREREQUISITES = [
    ("name in use", lambda u: u.present("www"), dns.rcode.NOERROR),
    ("name in use, broken", lambda u: u.present("none"), dns.rcode.NXDOMAIN),
    ("empty name is not in use", lambda u: u.present("b"), dns.rcode.NXDOMAIN),
    ("name not in use", lambda u: u.absent("none"), dns.rcode.NOERROR),
    ("name not in use, broken", lambda u: u.absent("www"), dns.rcode.YXDOMAIN),
    ("set exists", lambda u: u.present("www", "A"), dns.rcode.NOERROR),
    ("set exists, broken", lambda u: u.present("www", "MX"), dns.rcode.NXRRSET),
    ("set absent", lambda u: u.absent("www", "MX"), dns.rcode.NOERROR),
    ("set absent, broken", lambda u: u.absent("www", "A"), dns.rcode.YXRRSET),
    ("set of these values", lambda u: u.present("@", "MX", "10 MX1.Mutualise.example."), dns.rcode.NOERROR),
    ("set of other values", lambda u: u.present("@", "MX", "20 mx1.mutualise.example."), dns.rcode.NXRRSET),
    ("set of more values", lambda u: u.present("@", "TXT", '"a-verification=0011"'), dns.rcode.NXRRSET),
    ("wildcards do not count", lambda u: u.present("x.wild", "TXT", '"anything"'), dns.rcode.NXRRSET),
    ("outside the zone", lambda u: u.present(dns.name.from_text("example.net.")), dns.rcode.NOTZONE),
]


class TestPrerequisites:
    """The five forms of RFC 2136 §2.4, each kept and each broken."""

    @pytest.mark.parametrize(("condition", "rcode"), [c[1:] for c in PREREQUISITES], ids=[c[0] for c in PREREQUISITES])
    def test_a_broken_prerequisite_changes_nothing(
        self, server: DnsServer, keyring: object, condition: object, rcode: dns.rcode.Rcode
    ) -> None:
        change = update(keyring)
        condition(change)  # type: ignore[operator]
        change.add("new", 300, "A", "192.0.2.9")
        assert send(server, change).rcode() == rcode
        assert server.resolve(f"new.{ORIGIN}", "A") == (["192.0.2.9"] if rcode == dns.rcode.NOERROR else [])

    def test_a_value_prerequisite_with_a_ttl_is_malformed(self, server: DnsServer, keyring: object) -> None:
        change = update(keyring)
        change.present("www", "A", "192.0.2.80")
        change.prerequisite[-1].ttl = 3600
        assert send(server, change).rcode() == dns.rcode.FORMERR


class TestUpdates:
    def test_a_change_raises_the_serial_by_one(self, server: DnsServer, keyring: object) -> None:
        change = update(keyring)
        change.replace("@", 300, "MX", "0 spf55-example.mail.protection.outlook.com.")
        assert send(server, change).rcode() == dns.rcode.NOERROR
        assert serial(server) == 2026010102
        reply = ask(server, ORIGIN, "MX")
        assert answers(reply) == ["0 spf55-example.mail.protection.outlook.com."]
        assert reply.answer[0].ttl == 300

    @pytest.mark.parametrize(
        "write",
        [
            lambda u: u.present("www"),
            lambda u: u.add("www", 3600, "A", "192.0.2.80"),
            lambda u: u.delete("none"),
            lambda u: u.delete("www", "A", "192.0.2.99"),
            lambda u: u.replace("www", 3600, "A", "192.0.2.80"),
        ],
        ids=["prerequisite only", "same record", "missing name", "missing value", "replaced by itself"],
    )
    def test_what_changes_nothing_leaves_the_serial(self, server: DnsServer, keyring: object, write: object) -> None:
        change = update(keyring)
        write(change)  # type: ignore[operator]
        assert send(server, change).rcode() == dns.rcode.NOERROR
        assert serial(server) == 2026010101

    def test_one_txt_is_swapped_and_its_neighbour_untouched(self, server: DnsServer, keyring: object) -> None:
        change = update(keyring)
        change.delete("@", "TXT", '"v=spf1 include:_spf.mutualise.example " "~all"')
        change.add("@", 3600, "TXT", '"v=spf1 include:spf.protection.outlook.com ~all"')
        send(server, change)
        assert sorted(server.resolve(ORIGIN, "TXT")) == [
            "a-verification=0011",
            "v=spf1 include:spf.protection.outlook.com ~all",
        ]

    def test_a_cname_beside_other_records_is_ignored_without_a_word(self, server: DnsServer, keyring: object) -> None:
        change = update(keyring)
        change.add("www", 300, "CNAME", "blog")
        change.add("blog", 300, "A", "192.0.2.9")
        assert send(server, change).rcode() == dns.rcode.NOERROR
        assert server.resolve(f"www.{ORIGIN}", "CNAME") == []
        assert server.resolve(f"blog.{ORIGIN}", "A") == ["192.0.2.80"]

    def test_a_cname_added_takes_the_place_of_the_one_before(self, server: DnsServer, keyring: object) -> None:
        change = update(keyring)
        change.add("blog", 300, "CNAME", "a.b")
        send(server, change)
        assert server.resolve(f"blog.{ORIGIN}", "CNAME") == ["a.b.spf55.example."]

    def test_the_apex_keeps_its_soa_and_its_last_name_server(self, server: DnsServer, keyring: object) -> None:
        change = update(keyring)
        change.delete("@")
        change.delete("@", "NS", "ns1.mutualise.example.")
        assert send(server, change).rcode() == dns.rcode.NOERROR
        assert server.resolve(ORIGIN, "NS") == ["ns1.mutualise.example."]
        assert server.resolve(ORIGIN, "MX") == []
        assert serial(server) == 2026010102

    def test_one_name_outside_the_zone_and_nothing_is_written(self, server: DnsServer, keyring: object) -> None:
        change = update(keyring)
        change.add("new", 300, "A", "192.0.2.9")
        change.add(dns.name.from_text("www.example.net."), 300, "A", "192.0.2.9")
        assert send(server, change).rcode() == dns.rcode.NOTZONE
        assert server.resolve(f"new.{ORIGIN}", "A") == []

    def test_a_zone_held_elsewhere_is_not_ours_to_change(self, server: DnsServer, keyring: object) -> None:
        change = dns.update.UpdateMessage("example.net.", keyring=keyring, keyname=KEY)
        change.add("www", 300, "A", "192.0.2.9")
        assert send(server, change).rcode() == dns.rcode.NOTAUTH


def test_stopping_frees_the_port_and_starting_again_serves() -> None:
    server = DnsServer({ORIGIN: ZONE}, {})
    server.start()
    port = server.port
    server.stop()
    server.stop()
    again = DnsServer({ORIGIN: ZONE}, {}, port=port)
    again.start()
    assert answers(ask(again, f"www.{ORIGIN}", "A")) == ["192.0.2.80"]
    again.stop()
