"""Answers are read octet by octet: whatever a server sends, it is an answer or a failure, never a crash."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.rrset
from hypothesis import given
from hypothesis import strategies as st

from reconcile.providers.dns.primary.answers import Answer, Failure, Question, parsed_reply, query_for
from reconcile.providers.dns.records.keys import RecordKey
from reconcile.providers.dns.records.rdatasets import rdataset_of

NAME = dns.name.from_text("spf55.example")
MX = Question(NAME, dns.rdatatype.MX)


def reply_to(question: Question, *records: str) -> bytes:
    response = dns.message.make_response(dns.message.from_wire(query_for(question, 7)))
    response.flags |= dns.flags.AA
    for record in records:
        owner, ttl, rdtype, value = record.split(" ", 3)
        response.answer.append(dns.rrset.from_text(owner, int(ttl), "IN", rdtype, value))
    return response.to_wire()


GOOD = reply_to(MX, "spf55.example. 300 MX 10 a.example.", "spf55.example. 300 MX 20 B.spf55.example.")


def test_a_question_is_what_dnspython_would_ask() -> None:
    asked = dns.message.from_wire(query_for(MX, 7))
    assert (asked.id, asked.flags, asked.payload) == (7, 0, 1232)
    assert asked.question == [dns.rrset.RRset(NAME, dns.rdataclass.IN, dns.rdatatype.MX)]


def test_every_value_is_read_with_its_ttl() -> None:
    answer = parsed_reply("the server", MX, GOOD)
    assert isinstance(answer, Answer)
    assert answer.rdataset is not None
    assert answer.rdataset.ttl == 300
    assert {rdata.to_text() for rdata in answer.rdataset} == {"10 a.example.", "20 B.spf55.example."}


def test_an_answer_to_another_question_is_not_taken() -> None:
    other = reply_to(Question(dns.name.from_text("spf88.example"), dns.rdatatype.MX))
    assert isinstance(parsed_reply("the server", MX, other), Failure)


def test_a_record_of_another_type_that_cannot_be_read_does_no_harm() -> None:
    odd = reply_to(MX, "spf55.example. 300 MX 10 a.example.", "spf55.example. 300 TYPE65280 \\# 1 00")
    half_an_srv = odd.replace(b"\xff\x00\x00\x01", b"\x00\x21\x00\x01")
    assert half_an_srv != odd
    assert isinstance(parsed_reply("the server", MX, half_an_srv), Answer)


@given(st.binary(min_size=12, max_size=80))
def test_noise_is_a_failure_or_an_answer(noise: bytes) -> None:
    assert isinstance(parsed_reply("the server", MX, noise), Answer | Failure)


@given(st.integers(12, len(GOOD) - 1), st.integers(0, 255), st.integers(12, len(GOOD)))
def test_a_damaged_answer_is_a_failure_or_an_answer(at: int, octet: int, end: int) -> None:
    damaged = bytearray(GOOD)
    damaged[at] = octet
    assert isinstance(parsed_reply("the server", MX, bytes(damaged[:end])), Answer | Failure)


def test_a_question_is_the_same_in_upper_and_lower_case() -> None:
    shouted = Question(dns.name.from_text("SPF55.Example"), dns.rdatatype.MX)
    assert {MX: "asked"}[shouted] == "asked"
    assert {RecordKey(*MX): "asked"}[RecordKey(*shouted)] == "asked"


def test_an_answer_read_before_is_not_taken_for_another_question_s() -> None:
    assert isinstance(parsed_reply("the server", MX, GOOD), Answer)
    assert isinstance(parsed_reply("the server", Question(NAME, dns.rdatatype.TXT), GOOD), Failure)
    assert isinstance(parsed_reply("the server", Question(NAME.parent(), dns.rdatatype.MX), GOOD), Failure)


@given(st.lists(st.sampled_from(("a.example.", "A.example.", "b.example.")), min_size=1, max_size=4))
def test_an_rrset_of_ours_is_the_one_dnspython_would_make(hosts: list[str]) -> None:
    for rdtype, text in ((dns.rdatatype.MX, "10 {}"), (dns.rdatatype.CNAME, "{}")):
        rdatas = [dns.rdata.from_text("IN", rdtype, text.format(host)) for host in hosts]
        ours, theirs = rdataset_of(300, rdatas), dns.rdataset.from_rdata_list(300, rdatas)
        assert (ours, ours.ttl, list(ours)) == (theirs, theirs.ttl, list(theirs))
