"""100 zones × 8 names at 20 ms: read and plan, then 500 changes, beside octoDNS on the same server."""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import dataclasses
import datetime as dt
import json
import logging
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.providers.dns.servers import KEY_NAME, SECRET, Knot, running

from reconcile.applying.crew import Crew
from reconcile.clock import SystemClock
from reconcile.config.settings.tables.dns import DnsServer
from reconcile.planning.inputs import Inputs
from reconcile.planning.plan.plan import Plan
from reconcile.planning.planner import make_plan
from reconcile.providers.base import Order, Provider
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.provider import dns_provider
from reconcile.providers.dns.reader import DnsReader
from reconcile.resources.address import Address
from reconcile.resources.resource import Desired, Value
from reconcile.state.snapshot.snapshot import Snapshot

ROUND_TRIP_MS = 20
ZONE = """\
$TTL 3600
@ IN SOA ns1 hostmaster 2026010101 3600 600 1209600 900
@ IN NS ns1
ns1 IN A 127.0.0.1
@ IN A 192.0.2.10
@ 86400 IN MX 10 mx1.oldhost.example.
@ IN TXT "v=spf1 a mx include:spf.oldhost.example ~all"
@ IN TXT "google-site-verification=abcDEF123"
autodiscover 86400 IN CNAME autodiscover.oldhost.example.
www IN CNAME web.oldhost.example.
_dmarc IN TXT "v=DMARC1; p=none"
"""

#: What YAML asks of a zone: eight names looked at, five of them to change.
Wanted = Mapping[str, Mapping[str, Value]]


def wanted(zone: str) -> Wanted:
    dashed = zone.replace(".", "-")
    return {
        f"{zone}/MX": {"values": (f"0 {dashed}.mail.protection.outlook.com.",)},
        f"{zone}/TXT/spf": {"includes": ("spf.protection.outlook.com",)},
        f"autodiscover.{zone}/CNAME": {"values": ("autodiscover.outlook.com.",)},
        f"selector1._domainkey.{zone}/CNAME": {"values": (f"selector1-{dashed}._domainkey.t.onmicrosoft.com.",)},
        f"selector2._domainkey.{zone}/CNAME": {"values": (f"selector2-{dashed}._domainkey.t.onmicrosoft.com.",)},
        f"{zone}/A": {"values": ("192.0.2.10",)},
        f"www.{zone}/CNAME": {"values": ("web.oldhost.example.",)},
        f"_dmarc.{zone}/TXT": {"values": ("v=DMARC1; p=none",)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--zones", type=int, default=100)
    parser.add_argument("--runs", type=int, default=3, help="The median of so many runs is reported.")
    chosen = parser.parse_args()
    zones = [f"spf{number:03}.example" for number in range(chosen.zones)]
    figures: dict[str, list[float]] = {}
    for _ in range(chosen.runs):
        for measure in (ours, octodns):
            with server(zones) as (port, near):
                measured = measure(port, near, zones)
            for name, seconds in measured.items():
                figures.setdefault(name, []).append(seconds)
    reported = {name: round(statistics.median(values), 3) for name, values in figures.items()}
    for name in ("read_plan", "apply_500", "apply_500_cpu"):
        reported[f"{name}_vs_octodns"] = round(reported[f"octodns_{name}_s"] / reported[f"{name}_s"], 1)
    print(json.dumps({**reported, "zones": len(zones), "changes": 5 * len(zones), "round_trip_ms": ROUND_TRIP_MS}))


def ours(port: int, near: int, zones: Sequence[str]) -> dict[str, float]:
    """Seconds to read and plan; to read, plan and carry all changes out, each ordered on its own, and of processor time
    for that; and to read and plan with every check that goes before a switch."""
    # In the place of a resolver, the server itself: it refuses Microsoft's names, which then count as not known.
    settings = DnsServer(host="127.0.0.1", port=port, key_name=KEY_NAME, resolvers=(f"127.0.0.1:{near}",))
    checked = dns_provider(settings, SECRET)
    # octoDNS checks nothing before a switch: beside it the records alone are read.
    provider = dataclasses.replace(checked, reader=DnsReader(Primary("127.0.0.1", port)))
    began = time.perf_counter()
    planned(checked, zones)
    looked = time.perf_counter() - began
    began, spent = time.perf_counter(), time.process_time()
    plan = planned(provider, zones)
    read = time.perf_counter() - began
    orders = [
        Order(change.address, change.before, change.wanted, frozenset(field.name for field in change.fields))
        for change in plan.changes
    ]
    assert len(orders) == 5 * len(zones), len(orders)
    with Crew(SystemClock()) as crew:
        ends = [crew.start("dns", provider.in_steps.update(order)) for order in orders]
    assert all(end.exception() is None for end in ends)
    whole, used = time.perf_counter() - began, time.process_time() - spent
    assert not planned(provider, zones).changes, "a second plan is empty"
    return {"read_plan_s": read, "apply_500_s": whole, "apply_500_cpu_s": used, "read_plan_checked_s": looked}


def planned(provider: Provider, zones: Sequence[str]) -> Plan:
    desired = [
        Desired(Address(zone.partition(".")[0], "dns", key), fields)
        for zone in zones
        for key, fields in wanted(zone).items()
    ]
    domains = {zone: zone.partition(".")[0] for zone in zones}
    snapshots = {slug: Snapshot(slug, lineage="bench") for slug in domains.values()}
    inputs = Inputs(desired, snapshots, (), domains, {}, partial=False)
    plan = make_plan(inputs, {"dns": provider.reader}, dt.datetime.now(dt.UTC), "bench")
    assert not plan.blocked, plan.blocked[0]
    return plan


def octodns(port: int, _near: int, zones: Sequence[str]) -> dict[str, float]:
    """The same through octoDNS and its RFC 2136 provider, eight zones at a time."""
    from octodns.record import Record
    from octodns.zone import Zone
    from octodns_bind import Rfc2136Provider

    logging.disable(logging.WARNING)
    began, spent = time.perf_counter(), time.process_time()

    def plan_zone(name: str) -> object:
        provider = Rfc2136Provider(
            "bench", "127.0.0.1", port=port, key_name=KEY_NAME, key_secret=SECRET, key_algorithm="hmac-sha256"
        )
        zone = Zone(f"{name}.", [])
        provider.populate(zone, lenient=True)
        for key, fields in wanted(name).items():
            owner, rdtype = key.split("/")[:2]
            data: dict[str, object] = {"type": rdtype, "ttl": 3600}
            if rdtype == "MX":
                preference, host = str(fields["values"][0]).split()  # type: ignore[index]
                data["value"] = {"preference": int(preference), "exchange": host}
            elif key.endswith("TXT/spf"):
                data["values"] = [
                    "google-site-verification=abcDEF123",
                    "v=spf1 a mx include:spf.oldhost.example include:spf.protection.outlook.com ~all",
                ]
            elif rdtype == "TXT":
                data["value"] = str(fields["values"][0]).replace(";", "\\;")  # type: ignore[index]
            else:
                data["value"] = fields["values"][0]  # type: ignore[index]
            label = owner.removesuffix(name).removesuffix(".")
            record = Record.new(zone, label, data, lenient=True)
            zone.add_record(record, replace=True, lenient=True)
        return provider, provider.plan(zone)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        plans = list(pool.map(plan_zone, zones))
        read = time.perf_counter() - began
        assert all(len(plan.changes) >= 5 for _, plan in plans), plans[0]
        list(pool.map(lambda pair: pair[0].apply(pair[1]), plans))
    return {
        "octodns_read_plan_s": read,
        "octodns_apply_500_s": time.perf_counter() - began,
        "octodns_apply_500_cpu_s": time.process_time() - spent,
    }


@contextlib.contextmanager
def server(zones: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Knot with the zones: its port a round trip away, and its own."""
    with tempfile.TemporaryDirectory() as folder, running(Knot, Path(folder)) as process:
        process.add_all(dict.fromkeys(zones, ZONE))
        relay = subprocess.Popen(
            [sys.executable, "-m", "bench.dns.latency", str(ROUND_TRIP_MS), str(process.port)],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            yield int(relay.stdout.readline()), process.port
        finally:
            relay.terminate()
            relay.wait()


if __name__ == "__main__":
    main()
