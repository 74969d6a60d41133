"""From the switch until its domain is authoritative, mail for an address nobody listed reaches the old host."""

from __future__ import annotations

import datetime as dt
import json
import smtplib
import time
import tomllib
import zoneinfo
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.MX
import dns.tsigkeyring
import dns.update
import pytest
from tests.scenarios.stage import Stage

from reconcile.sandbox.clock import SandboxClock

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
DOMAIN = "spf55.org"
STRANGER = "quelqu.un@orange.example"


class Town:
    """A federation twenty days before its date, and the world that writes to it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        settings = tomllib.loads((stage.folder / ".sandbox" / "settings.toml").read_text(encoding="utf-8"))
        note = next(path for path in (stage.folder / ".sandbox").glob("*.json") if "control_ca" in path.read_text())
        self.note = json.loads(note.read_text(encoding="utf-8"))
        self.dns_port = settings["dns"]["port"]
        self.clock = SandboxClock(settings["sandbox"]["control"], settings["tenant"]["ca_file"])
        self.day = (self.clock.now() + dt.timedelta(days=20)).astimezone(PARIS).date()
        stage.edit(DOMAIN.removesuffix(".org"), "date: 2025-01-20", f"date: {self.day.isoformat()}")
        stage.add_batch(self.day)

    def come(self, days: int) -> None:
        """It is 18:00, so many days from J."""
        evening = dt.datetime.combine(self.day + dt.timedelta(days=days), dt.time(18), PARIS)
        self.clock.advance_to(evening.astimezone(dt.UTC))

    def exchanger(self) -> str:
        query = dns.message.make_query(DOMAIN, "MX", flags=0)
        (answer,) = dns.query.tcp(query, "127.0.0.1", 5, port=self.dns_port).answer
        return str(min(answer, key=lambda record: record.preference).exchange)  # type: ignore[attr-defined]

    def have_its_mx_live(self, days: int) -> None:
        """Whoever looks after the zone has it so."""
        settings = tomllib.loads((self.stage.folder / ".sandbox" / "settings.toml").read_text(encoding="utf-8"))["dns"]
        key = settings["key_algorithm"], self.stage.secret("dns-key").strip()
        keyring = dns.tsigkeyring.from_text({settings["key_name"]: key})
        change = dns.update.UpdateMessage(f"{DOMAIN}.", keyring=keyring)
        change.replace("@", days * 86400, "MX", "10 mx1.mutualise.example.", "20 mx2.mutualise.example.")
        assert dns.query.tcp(change, "127.0.0.1", 5, port=self.dns_port).rcode() == dns.rcode.NOERROR

    def write(self, recipient: str, mark: str) -> str:
        """A stranger's server delivers to where the MX leads; what it is told when that is no."""
        return self._deliver("smtp" if "mutualise" in self.exchanger() else "exchange", recipient, mark)

    def write_to_the_old_host(self, recipient: str, mark: str) -> None:
        """A stranger's server still holds the MX of before the switch."""
        assert self._deliver("smtp", recipient, mark) == ""

    def _deliver(self, server: str, recipient: str, mark: str) -> str:
        port = int(self.note["servers"][server].rpartition(":")[2])
        with smtplib.SMTP("127.0.0.1", port, timeout=60) as session:
            try:
                session.sendmail(
                    STRANGER, [recipient], f"Subject: {mark}\r\nMessage-ID: <{mark}@orange.example>\r\n\r\n"
                )
            except smtplib.SMTPRecipientsRefused as refused:
                code, text = refused.recipients[recipient]
                return f"{code} {text.decode()}"
        return ""

    def old_box(self, address: str, mark: str) -> bool:
        box = Path(self.note["runtime"]) / "old" / "mail" / address / "Maildir"
        files = [file for part in ("new", "cur") if (box / part).is_dir() for file in (box / part).iterdir()]
        return any(f"Subject: {mark}" in file.read_text(errors="replace") for file in files)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    stage = Stage.small(tmp_path)
    # The old host has a box that no file will name from the switch on.
    stage.edit(
        "spf55",
        "  contact@spf55.org:\n",
        "  oubliee@spf55.org: {licence: shared, delegates: [lou.petit@spf55.org]}\n  contact@spf55.org:\n",
    )
    stage.run("sandbox", "up", "--postfix", expect=0)
    try:
        stage.edit("spf55", "  oubliee@spf55.org: {licence: shared, delegates: [lou.petit@spf55.org]}\n", "")
        yield Town(stage)
    finally:
        stage.run("sandbox", "down")


def test_an_address_nobody_listed_goes_on_receiving_until_its_domain_is_authoritative(town: Town) -> None:
    stage, forgotten = town.stage, "oubliee@spf55.org"
    stage.run("apply", "--yes")
    assert "connector" in stage.run("plan").out
    town.come(-7)
    stage.run("apply", "--yes")
    state = stage.run("state", "list").out
    assert "spf55/connector/spf55.org" in state, "proved by a message to a real old mailbox"
    assert town.write(forgotten, "avant") == ""
    town.come(-1)
    stage.run("apply", "--yes")
    assert town.exchanger().endswith("mx.microsoft.")
    assert town.write(forgotten, "pendant") == ""
    assert town.write("contact@spf55.org", "nouvelle") == ""
    until(lambda: town.old_box(forgotten, "avant") and town.old_box(forgotten, "pendant"))
    assert not town.old_box("contact@spf55.org", "nouvelle")
    (line, *_) = stage.run("relayed", "spf55", expect=0).out.splitlines()
    assert line.startswith(forgotten)
    assert "1 message" in line
    assert STRANGER in line
    town.come(1)
    stage.run("apply", "--yes")
    assert town.write(forgotten, "apres").startswith("550 5.4.1")
    assert "nothing" in stage.run("plan", "--target", "spf55/connector/*").out.lower()


def until(is_so: object) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
