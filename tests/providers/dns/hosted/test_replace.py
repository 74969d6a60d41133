"""``replace = true`` at a DNS host: our alias takes the place of other records, and an undo brings them back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.name
import pytest
import responses
from tests.providers.dns.hosted.test_hosted import OPTIONS, ZONE, SteadyClock, cloudflare, gandi, ovh
from tests.providers.dns.hosted.test_powerdns import PLAIN
from tests.providers.dns.hosts import Cloudflare, Gandi, Host, Ovh
from tests.providers.dns.servers import API_KEY, PowerDns, change, transfer
from tests.providers.dns.world import zone_on

from reconcile.problem import Problem
from reconcile.providers.base import Observed, Order, Provider, Scope, Unknown, Wanted
from reconcile.providers.dns.hosted.account import HostedZones
from reconcile.providers.dns.hosted.backends import open_backend
from reconcile.providers.dns.hosted.provider import hosted_provider
from reconcile.providers.dns.hosted.writes import HostedStore
from reconcile.providers.dns.journal import RecordJournal
from reconcile.providers.dns.undo import Undo
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Live, Value

ALIAS = ("autodiscover.outlook.com.",)
FIELDS: dict[str, Value] = {"values": ALIAS}


class Replacing:
    """A zone at a host, and ``autodiscover`` of it named for replacement."""

    def __init__(self, name: str, options: dict[str, object], zone: str, journal: Path) -> None:
        self.owner = f"autodiscover.{zone}"
        self.address = Address("spf55", "dns", f"{self.owner}/CNAME")
        replace = frozenset({dns.name.from_text(self.owner)})
        zones = HostedZones(lambda: open_backend(name, options), [zone])
        kept = RecordJournal(journal, SteadyClock())
        self.provider: Provider = hosted_provider(zones, lambda *_: None, SteadyClock(), kept, replace=replace)
        self.undo = Undo(HostedStore(zones, SteadyClock(), kept, replace), kept)

    def see(self) -> Observed:
        wanted = Wanted(self.address, Desired(self.address, FIELDS))
        return self.provider.reader.observe(Scope([wanted], {})).observed[self.address]

    def order(self) -> Order:
        shown = self.see()
        assert isinstance(shown, Live), shown
        return Order(self.address, shown, FIELDS, frozenset(FIELDS))

    def take_back(self) -> list[str]:
        ends = self.undo.carry_out(self.undo.look("spf55"))
        return [str(end) for end in ends if isinstance(end, Problem)]


def with_address(host: Host) -> Host:
    """As cPanel leaves it."""
    if isinstance(host, Gandi):
        host.records["autodiscover", "A"] = (14400, ["192.0.2.44", "192.0.2.45"])
        host.records["autodiscover", "TXT"] = (14400, ['"v=spf1 -all"'])
    elif isinstance(host, Ovh):
        for number, (kind, text) in enumerate((("A", "192.0.2.44"), ("A", "192.0.2.45"), ("TXT", '"v=spf1 -all"'))):
            host.records[number] = {"subDomain": "autodiscover", "fieldType": kind, "ttl": 14400, "target": text}
    elif isinstance(host, Cloudflare):
        for number, (kind, text) in enumerate((("A", "192.0.2.44"), ("A", "192.0.2.45"), ("TXT", '"v=spf1 -all"'))):
            host.records[f"{number:032x}"] = host._row(f"autodiscover.{ZONE}", kind, 14400, text)
    return host


def values(host: Host) -> list[tuple[str, str, int, str]]:
    """What is kept, without the host's own numbers."""
    if isinstance(host, Gandi):
        return sorted((*key, ttl, text) for key, (ttl, texts) in host.records.items() for text in texts)
    if isinstance(host, Ovh):
        return sorted(
            tuple(row[n] for n in ("subDomain", "fieldType", "ttl", "target")) for row in host.records.values()
        )
    assert isinstance(host, Cloudflare)
    return sorted((row["name"], row["type"], row["ttl"], row["content"].strip('"')) for row in host.records.values())


@contextlib.contextmanager
def played(host: Host, journal: Path) -> Iterator[Replacing]:
    name, options = OPTIONS[type(host)]
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        host.play(mocked)
        yield Replacing(name, options, ZONE, journal)


HOSTS = [gandi, ovh, cloudflare]


@pytest.mark.parametrize("made", HOSTS)
def test_the_plan_says_what_goes_and_the_undo_brings_it_back(made: Callable[[], Host], tmp_path: Path) -> None:
    host = with_address(made())
    before = values(host)
    with played(host, tmp_path) as at:
        planned = at.order()
        assert planned.before is not None
        assert planned.before.context["record"] == "replaces A 192.0.2.44, A 192.0.2.45, TXT v=spf1 -all"
        written = at.provider.writer.update(planned)
        assert written.fields["values"] == ALIAS
        assert host.all_live
        assert [row for row in values(host) if "autodiscover" in row[0]] == [
            row for row in values(host) if row[1] == "CNAME" and "autodiscover" in row[0]
        ]
        again = at.see()
        assert isinstance(again, Live)
        assert "replaces" not in again.context
        assert at.take_back() == []
        assert at.undo.look("spf55") == []
    assert values(host) == before


@pytest.mark.parametrize("made", HOSTS)
def test_records_changed_since_the_plan_are_not_replaced(made: Callable[[], Host], tmp_path: Path) -> None:
    host = with_address(made())
    with played(host, tmp_path) as at:
        planned = at.order()
        if isinstance(host, Gandi):
            host.records["autodiscover", "A"] = (14400, ["192.0.2.77"])
        else:
            for row in host.records.values():  # type: ignore[attr-defined]
                field = "target" if "target" in row else "content"
                row[field] = row[field].replace("192.0.2.44", "192.0.2.77")
        before = values(host)
        with pytest.raises(Problem) as refusal:
            at.provider.writer.update(planned)
        assert refusal.value.code == "DNS07"
        assert "192.0.2.77" in refusal.value.message
    assert values(host) == before


@pytest.mark.parametrize("failing", range(1, 5))
@pytest.mark.parametrize("made", HOSTS)
def test_a_host_that_fails_midway_shows_the_world_all_of_it_or_nothing(
    made: Callable[[], Host], failing: int, tmp_path: Path
) -> None:
    host = with_address(made())
    shown = values(host)
    with played(host, tmp_path) as at:
        planned = at.order()
        host.fail_at = failing
        with contextlib.suppress(Problem):
            at.provider.writer.update(planned)
        if not isinstance(host, Ovh):
            now = values(host)
            assert now == shown or ("CNAME" in {row[1] for row in now if "autodiscover" in row[0]})
        host.fail_at = 0
        at.provider.writer.update(at.order())  # the next run
        assert host.all_live
        assert {row[1] for row in values(host) if "autodiscover" in row[0]} == {"CNAME"}
        assert at.take_back() == []
    assert values(host) == shown


@pytest.mark.parametrize("made", HOSTS)
def test_a_record_that_is_not_read_is_named_and_nothing_is_replaced(made: Callable[[], Host], tmp_path: Path) -> None:
    host = with_address(made())
    if isinstance(host, Gandi):
        host.records["autodiscover", "HTTPS"] = (300, ["1 ."])
    elif isinstance(host, Ovh):
        host.records[77] = {"subDomain": "autodiscover", "fieldType": "HTTPS", "ttl": 300, "target": "1 ."}
    elif isinstance(host, Cloudflare):
        host.records["77"] = host._row(f"autodiscover.{ZONE}", "HTTPS", 300, "1 .")
    with played(host, tmp_path) as at:
        shown = at.see()
        assert isinstance(shown, Unknown)
        assert "holds other records (A, HTTPS, TXT)" in shown.reason


@pytest.mark.parametrize("signed", [False, True], ids=["plain", "signed"])
def test_powerdns_exchanges_them_in_one_call(powerdns: PowerDns, tmp_path: Path, signed: bool) -> None:
    world = zone_on(powerdns, PLAIN.replace("autodiscover 86400", "; "), signed=signed)
    change(world.port, world.origin, add=["autodiscover 14400 A 192.0.2.44", 'autodiscover 14400 TXT "v=spf1 -all"'])
    before = transfer(world.port, world.origin)
    at = Replacing(
        "powerdns", {"host": "127.0.0.1", "port": powerdns.api_port, "api_key": API_KEY}, world.origin, tmp_path
    )
    assert at.provider.writer.update(at.order()).fields["values"] == ALIAS
    name = f"autodiscover.{world.origin}."
    assert {rdtype for owner, rdtype in transfer(world.port, world.origin) if owner == name} == {5}
    assert at.take_back() == []
    assert transfer(world.port, world.origin) == before


def test_a_text_that_could_not_be_brought_back_is_not_replaced(tmp_path: Path) -> None:
    host = with_address(gandi())
    assert isinstance(host, Gandi)
    host.records["autodiscover", "TXT"] = (300, ['"two " "strings"'])
    before = values(host)
    with played(host, tmp_path) as at:
        planned = at.order()
        with pytest.raises(Problem) as refusal:
            at.provider.writer.update(planned)
    assert refusal.value.code == "DNS18"
    assert "remove it by hand" in refusal.value.hint
    assert values(host) == before
