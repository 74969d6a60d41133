"""What could not be read is said once, as not known; nothing is called absent that nobody looked at."""

from __future__ import annotations

import dataclasses

import dns.name
import pytest
from dns.rdatatype import RdataType
from tests.ports import free_port
from tests.providers.dns.servers import Server
from tests.providers.dns.world import ORDINARY, zone_on

from reconcile.problem import Problem
from reconcile.providers.base import Scope, Unknown, Wanted, Weight
from reconcile.providers.dns.checks.checks import run_checks
from reconcile.providers.dns.checks.facts import Facts, read_facts
from reconcile.providers.dns.checks.resolver import Resolver
from reconcile.providers.dns.checks.survey import Surveyor
from reconcile.providers.dns.primary.answers import Answer, Failure, Question
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.reader import DnsReader
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired


def nobody() -> Primary:
    return Primary("127.0.0.1", free_port(), timeout=1.0)


def test_of_a_server_that_cannot_be_reached_each_domain_says_so_once_and_no_more() -> None:
    primary = nobody()
    found = Surveyor(primary, Resolver(primary, ())).check(["spf55.org", "verdun.spf55.org"])
    assert [(one.domain, one.check, one.weight) for one in found] == [
        ("spf55.org", "readable", Weight.BLOCKS),
        ("verdun.spf55.org", "readable", Weight.BLOCKS),
    ]
    why = f"Nothing is known: {primary} cannot be reached (connection refused)."
    todo = "To do: check [dns] host and port in reconcile.toml, and that TCP is let through."
    assert {one.sentence for one in found} == {f"{why} {todo}"}


def test_all_records_of_a_server_that_cannot_be_reached_are_unknown_for_one_reason() -> None:
    addresses = [Address("spf55", "dns", key) for key in ("spf55.org/MX", "spf55.org/TXT/spf", "a.spf55.org/CNAME")]
    seen = (
        DnsReader(nobody())
        .observe(Scope([Wanted(one, Desired(one, {})) for one in addresses], {"spf55.org": "spf55"}))
        .observed
    )
    assert all(isinstance(seen[one], Unknown) for one in addresses)
    assert len(set(seen.values())) == 1


@pytest.mark.parametrize(
    ("below", "rdtype", "check", "absent"),
    [
        ("", RdataType.MX, "mx", "has no MX"),
        ("", RdataType.TXT, "spf", "has no SPF record"),
        ("_dmarc", RdataType.TXT, "dmarc", "has no DMARC record"),
    ],
)
def test_a_record_that_one_answer_does_not_show_is_not_called_absent(
    embedded: Server, below: str, rdtype: RdataType, check: str, absent: str
) -> None:
    world = zone_on(embedded, ORDINARY)
    (facts,) = read_facts(Primary("127.0.0.1", world.port), [world.origin])
    question = Question(dns.name.from_text(f"{below}.{world.origin}" if below else world.origin), rdtype)
    gone = told(with_answer(facts, question, Answer(None)), check)
    failed = told(with_answer(facts, question, Failure(Problem("DNS11", "it answered SERVFAIL."))), check)
    assert any(absent in sentence for sentence in gone)
    assert not any(absent in sentence for sentence in failed)
    every = told(with_answer(facts, question, Failure(Problem("DNS11", "it answered SERVFAIL."))))
    assert sum("SERVFAIL" in sentence for sentence in every) == 1


def test_without_an_mx_a_domain_s_own_address_may_be_unknown_too(embedded: Server) -> None:
    world = zone_on(embedded, ORDINARY)
    (facts,) = read_facts(Primary("127.0.0.1", world.port), [world.origin])
    without = with_answer(facts, Question(dns.name.from_text(world.origin), RdataType.MX), Answer(None))
    assert told(without, "mx") == [
        f"{world.origin} has no MX; whether it has an address of its own could not be found out."
    ]


def with_answer(facts: Facts, question: Question, answer: Answer | Failure) -> Facts:
    return dataclasses.replace(facts, answers={**facts.answers, question: answer})


def told(facts: Facts, *checks: str) -> list[str]:
    """The sentences of those checks, while no resolver answers."""
    return [one.sentence for one in run_checks([facts], lambda _name, _rdtype: None, checks)]
