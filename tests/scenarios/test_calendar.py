"""The DNS of one migration along its calendar: prepared, switched, settled, and the old host's farewell."""

from __future__ import annotations

import datetime as dt
import tomllib
import zoneinfo

import dns.message
import dns.query
import dns.tsig
import dns.update
import pytest
from tests.scenarios.stage import FAREWELL, Stage

from reconcile.sandbox.clock import SandboxClock

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
DOMAIN = "spf55.org"


class Days:
    """The sandbox's clock and its zone, told in days around the migration (J)."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        settings = tomllib.loads((stage.folder / ".sandbox" / "settings.toml").read_text(encoding="utf-8"))
        self.port = settings["dns"]["port"]
        self.key = dns.tsig.Key("reconcile-sandbox", stage.secret("dns-key"), dns.tsig.HMAC_SHA256)
        self.clock = SandboxClock(settings["sandbox"]["control"], settings["tenant"]["ca_file"])
        self.day = (self.clock.now() + dt.timedelta(days=20)).astimezone(PARIS).date()
        stage.edit("spf55", "date: 2025-01-20", f"date: {self.day.isoformat()}")
        stage.add_batch(self.day)

    def come(self, days: int) -> None:
        """It is 18:00, so many days from J."""
        evening = dt.datetime.combine(self.day + dt.timedelta(days=days), dt.time(18), PARIS)
        self.clock.advance_to(evening.astimezone(dt.UTC))

    def shown(self, name: str, rdtype: str) -> tuple[int, list[str]]:
        """The TTL and the values the world sees."""
        query = dns.message.make_query(name, rdtype, flags=0)
        (answer,) = dns.query.tcp(query, "127.0.0.1", 5, port=self.port).answer
        return answer.ttl, sorted(rdata.to_text() for rdata in answer)

    def spf(self) -> str:
        _, texts = self.shown(DOMAIN, "TXT")
        (record,) = [text.strip('"') for text in texts if "v=spf1" in text]
        return record

    def owner_writes(self, spf: str) -> None:
        message = dns.update.UpdateMessage(DOMAIN, keyring=self.key)
        message.delete("@", "TXT")
        message.add("@", 3600, "TXT", f'"{spf}"')
        assert dns.query.tcp(message, "127.0.0.1", 5, port=self.port).rcode() == 0


@pytest.fixture
def days(stage: Stage) -> Days:
    stage.settings(f"# {FAREWELL}", FAREWELL)
    return Days(stage)


def test_each_record_moves_on_its_day_and_no_earlier(days: Days) -> None:
    stage = days.stage
    days.owner_writes("v=spf1 mx include:_spf.mutualise.example ~all")
    old = (3600, ["10 mx1.mutualise.example.", "20 mx2.mutualise.example."])

    stage.run("apply", "--yes", expect=0)
    assert days.shown(DOMAIN, "MX") == old
    assert days.spf() == "v=spf1 mx include:_spf.mutualise.example include:spf.protection.outlook.com ~all"
    assert "ttl           3600 → 300" in stage.run("plan").out

    days.come(-7)
    stage.run("apply", "--yes", expect=0)
    assert days.shown(DOMAIN, "MX") == (300, old[1])
    frozen = "a:mx1.mutualise.example a:mx2.mutualise.example"
    assert days.spf() == f"v=spf1 {frozen} include:_spf.mutualise.example include:spf.protection.outlook.com ~all"

    days.come(-1)
    stage.run("apply", "--yes", expect=0)
    ttl, (mx,) = days.shown(DOMAIN, "MX")
    assert ttl == 300
    assert mx.endswith(".mx.microsoft.")
    assert days.shown(f"autodiscover.{DOMAIN}", "CNAME") == (300, ["autodiscover.outlook.com."])
    waiting = stage.run("plan").out
    assert "ttl           300 → 3600" in waiting
    assert stage.plan()["update"] == 3, "two lives to lengthen, the old host to take leave of"

    days.come(2)
    stage.run("apply", "--yes", expect=0)
    assert days.shown(DOMAIN, "MX") == (3600, [mx])
    assert "include:_spf.mutualise.example" in days.spf()

    days.come(14)
    stage.run("apply", "--yes", expect=0)
    assert days.spf() == f"v=spf1 {frozen} include:spf.protection.outlook.com ~all"
    stage.run("plan", "--detailed-exitcode", expect=0)


def test_a_long_ttl_is_told_before_it_is_too_late_and_when_it_is(days: Days) -> None:
    message = dns.update.UpdateMessage(DOMAIN, keyring=days.key)
    message.delete("@", "MX")
    message.add("@", 172800, "MX", "10 mx1.mutualise.example.")
    assert dns.query.tcp(message, "127.0.0.1", 5, port=days.port).rcode() == 0
    assert "TTL must be lowered before" in days.stage.run("rehearse", "spf55", expect=0).out
    days.come(-2)
    late = days.stage.run("plan").out
    assert "BEFORE THE SWITCH" in late
    assert "Too late to lower the TTL of spf55.org (172800 s)" in late


def test_a_federation_applied_weeks_late_is_switched_first_and_leaves_the_old_host_in_the_next_apply(
    days: Days,
) -> None:
    days.come(20)
    days.stage.run("apply", "--yes", expect=0)
    assert "include:_spf.mutualise.example" in days.spf()
    days.stage.run("apply", "--yes", expect=0)
    assert days.spf() == "v=spf1 include:spf.protection.outlook.com ~all"
    days.stage.run("plan", "--detailed-exitcode", expect=0)
