"""Taking back what was written: exactly, and never over somebody else's later edit."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from tests.providers.dns.primary.test_survival import ODD, SWITCH
from tests.providers.dns.servers import SECRET, Server, change, transfer
from tests.providers.dns.world import ORDINARY, World, settings_of, zone_on

from reconcile.clock import SystemClock
from reconcile.problem import Problem
from reconcile.providers.base import ABSENT
from reconcile.providers.dns.journal import RecordJournal
from reconcile.providers.dns.primary.updates import PrimaryStore
from reconcile.providers.dns.provider import dns_provider, signing_primary
from reconcile.providers.dns.undo import Undo

AUTODISCOVER = "autodiscover CNAME"


@dataclasses.dataclass(frozen=True)
class Kept:
    """A zone whose writes are journalled."""

    world: World
    folder: Path

    @property
    def undo(self) -> Undo:
        clock = SystemClock()
        journal = RecordJournal(self.folder, clock)
        return Undo(PrimaryStore(signing_primary(settings_of(self.world.port), SECRET, clock), clock, journal), journal)

    def switch(self) -> None:
        for key, fields in SWITCH.items():
            self.world.put(key, **fields)

    def zone(self) -> object:
        return transfer(self.world.port, self.world.origin)

    def take_back(self) -> list[str]:
        """What was refused, by code."""
        undo = self.undo
        return [end.code for end in undo.carry_out(undo.look("spf55")) if isinstance(end, Problem)]


@pytest.fixture(params=["knot", "knot signed", "bind", "bind signed", "powerdns", "powerdns signed", "embedded"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    kind, _, signed = request.param.partition(" ")
    return _kept(request.getfixturevalue(kind), tmp_path, ODD, signed=bool(signed))


def _kept(server: Server, folder: Path, text: str, *, signed: bool = False) -> Kept:
    bare = zone_on(server, text, signed=signed)
    provider = dns_provider(settings_of(server.port), SECRET, journal=folder)
    return Kept(dataclasses.replace(bare, provider=provider), folder)


def test_a_whole_switch_taken_back_leaves_the_zone_octet_for_octet_as_it_was(kept: Kept) -> None:
    before = kept.zone()
    kept.switch()
    assert kept.zone() != before
    assert kept.take_back() == []
    assert kept.zone() == before
    assert kept.undo.look("spf55") == []


def test_what_was_taken_back_can_be_done_and_taken_back_again(kept: Kept) -> None:
    before = kept.zone()
    for _ in range(2):
        kept.switch()
        assert kept.take_back() == []
        assert kept.zone() == before


def test_a_ttl_lowered_and_an_mx_switched_go_back_in_one_step(kept: Kept) -> None:
    before = kept.zone()
    kept.world.put("MX", values=kept.world.see("MX").fields["values"], ttl=300)
    kept.world.put("MX", **SWITCH["MX"])
    assert kept.take_back() == []
    assert kept.zone() == before


def test_a_third_partys_later_edit_is_never_overwritten(kept: Kept) -> None:
    kept.switch()
    change(kept.world.port, kept.world.origin, add=["@ 300 MX 5 third.example."])
    with_theirs = kept.world.see("MX")
    assert kept.take_back() == ["DNS07"]
    assert kept.world.see("MX") == with_theirs
    assert kept.world.see(AUTODISCOVER).fields["values"] != SWITCH[AUTODISCOVER]["values"]


def test_a_third_partys_text_stays_when_ours_are_taken_back(kept: Kept) -> None:
    kept.world.put("TXT/verification", **SWITCH["TXT/verification"])
    change(kept.world.port, kept.world.origin, add=['@ 3600 TXT "theirs, later"'])
    kept.world.put("TXT/spf", **SWITCH["TXT/spf"])
    assert kept.take_back() == []
    texts = kept.world.see("TXT/verification").fields["contains"]
    assert "theirs, later" in texts
    assert not [text for text in texts if text.startswith("MS=") or "outlook" in text]


def test_an_spf_record_the_owner_edited_since_is_left_to_the_owner(embedded: Server, tmp_path: Path) -> None:
    kept = _kept(embedded, tmp_path, ORDINARY)
    record = kept.world.put("TXT/spf", includes=("spf.protection.outlook.com",)).context["record"]
    change(
        kept.world.port,
        kept.world.origin,
        delete=[f'@ TXT "{record}"'],
        add=['@ 1800 TXT "v=spf1 include:spf.protection.outlook.com -all"'],
    )
    assert kept.undo.look("spf55")
    assert kept.take_back() == ["DNS07"]


def test_what_somebody_put_between_two_of_our_writes_is_as_far_back_as_we_go(embedded: Server, tmp_path: Path) -> None:
    kept = _kept(embedded, tmp_path, ORDINARY)
    kept.world.put("MX", values=("0 a.example.",))
    change(kept.world.port, kept.world.origin, delete=["@ MX"], add=["@ 300 MX 7 theirs.example."])
    kept.world.put("MX", values=("0 b.example.",))
    assert kept.take_back() == []
    assert kept.world.see("MX").fields["values"] == ("7 theirs.example.",)


def test_a_write_that_a_crash_left_without_verdict_is_settled_by_looking(embedded: Server, tmp_path: Path) -> None:
    kept = _kept(embedded, tmp_path, ORDINARY)
    before = kept.zone()
    kept.world.put("MX", values=("0 a.example.",))
    (journal,) = tmp_path.glob("*.jsonl")
    journal.write_text(journal.read_text().splitlines()[0] + '\n{"at":"2025-03', encoding="utf-8")
    assert kept.take_back() == []
    assert kept.zone() == before
    assert kept.undo.look("spf55") == []


def test_what_was_refused_is_not_in_the_way_of_taking_the_rest_back(embedded: Server, tmp_path: Path) -> None:
    kept = _kept(embedded, tmp_path, ORDINARY)
    before = kept.zone()
    with pytest.raises(Problem):
        kept.world.put("ns1 CNAME", values=("x.example.",))
    kept.world.put("MX", values=("0 a.example.",))
    assert kept.take_back() == []
    assert kept.zone() == before


def test_nothing_is_sent_that_could_not_be_written_down_first(embedded: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    kept = _kept(embedded, tmp_path / "file", ORDINARY)
    before = kept.zone()
    with pytest.raises(Problem) as problem:
        kept.world.put("MX", values=("0 a.example.",))
    assert problem.value.code == "STA06"
    assert kept.zone() == before


def test_federations_that_share_a_zone_are_taken_back_each_on_its_own(embedded: Server, tmp_path: Path) -> None:
    kept = _kept(embedded, tmp_path, ORDINARY)
    world = kept.world
    mine = world.order("a MX", ABSENT, values=("0 mine.example.",))
    theirs = world.order("b MX", ABSENT, values=("0 theirs.example.",))
    theirs = dataclasses.replace(theirs, address=theirs.address._replace(federation="spf88"))
    assert not [end for end in world.provider.writer.writer.together([mine, theirs]) if isinstance(end, Problem)]
    assert kept.take_back() == []
    assert world.see("a MX") == ABSENT
    assert world.see("b MX") != ABSENT
    assert [revert.key.owner for revert in kept.undo.look("spf88")] == [f"b.{world.origin}"]


def test_a_damaged_journal_is_named_by_line(tmp_path: Path, embedded: Server) -> None:
    kept = _kept(embedded, tmp_path, ORDINARY)
    (tmp_path / "spf55.jsonl").write_text('{"zone": 3\n{}\n')
    with pytest.raises(Problem, match=r"spf55\.jsonl:1"):
        kept.undo.look("spf55")


def test_the_journal_holds_no_secret(kept: Kept) -> None:
    kept.switch()
    (journal,) = kept.folder.glob("*.jsonl")
    text = journal.read_text()
    assert SECRET not in text
    assert all(json.loads(line) for line in text.splitlines())
