"""Creating a batch of federations: requests and virtual seconds, against the least that Microsoft's quotas allow.

Run with ``make bench-tenant``; ``--federations`` and ``--mailboxes`` change the size. It is done twice: on a tenant
that is well, and on one where one request in two hundred meets trouble. Prints one line of JSON last.
"""

from __future__ import annotations

import argparse
import collections
import datetime as dt
import heapq
import json
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import requests

from reconcile.applying.crew import Crew
from reconcile.config.settings.settings import Settings
from reconcile.config.settings.tables.dns import DnsServer
from reconcile.config.settings.tables.tenant.tenant import Tenant
from reconcile.passwords.vault import Sealed
from reconcile.providers.base import Order, Provider
from reconcile.providers.microsoft.provider import microsoft_provider
from reconcile.providers.microsoft.wire.auth import Registration
from reconcile.providers.microsoft.wire.message import Reply, Request, Service
from reconcile.providers.microsoft.wire.transport import Transport
from reconcile.resources.address import Address
from reconcile.resources.resource import Value
from reconcile.sandbox.clock import SandboxClock
from reconcile.sandbox.tenant.behaviour.delays import Delays
from reconcile.sandbox.tenant.behaviour.profiles import Profile
from reconcile.sandbox.tenant.server import TenantOptions, TenantServer

#: Seconds from a licence to its mailbox, as the realistic profile has it.
PROVISIONING = 420.0
#: Share of the requests that meet trouble the second time, as the realistic profile has it.
TROUBLE = 0.005
#: Graph's writes: a burst, then so many a second (3 000 in 150 s).
BURST, RATE = 3000, 20.0
SHARED_OF_TEN = 3


class LeapingClock:
    """Virtual time that leaps to the next wake-up once nobody has anything left to do at this moment."""

    def __init__(self, server: TenantServer) -> None:
        self._tenant = SandboxClock(server.control, server.ca_file)
        self._now = self._tenant.now()
        self._lock = threading.Lock()
        self._sleepers: list[tuple[dt.datetime, int, threading.Event]] = []
        self._number = 0
        threading.Thread(target=self._leap_for_ever, daemon=True).start()

    def now(self) -> dt.datetime:
        return self._now

    def sleep(self, seconds: float) -> None:
        woken = threading.Event()
        with self._lock:
            self._number += 1
            heapq.heappush(self._sleepers, (self._now + dt.timedelta(seconds=seconds), self._number, woken))
        woken.wait()

    def _leap_for_ever(self) -> None:
        quiet, used = 0, time.process_time()
        while True:
            time.sleep(0.01)
            before, used = used, time.process_time()
            quiet = quiet + 1 if used - before < 0.001 else 0
            if quiet >= 3:
                self._leap()
                quiet = 0

    def _leap(self) -> None:
        with self._lock:
            if not self._sleepers:
                return
            self._now = max(self._now, self._sleepers[0][0])
            self._tenant.advance_to(self._now)
            while self._sleepers and self._sleepers[0][0] <= self._now:
                heapq.heappop(self._sleepers)[2].set()


class Counted(Transport):
    """Counts what is sent, each part of a batch as what it costs alone."""

    sent: ClassVar[collections.Counter[str]] = collections.Counter()

    def send(self, service: Service, request: Request, *judge: Any) -> Reply:
        body: Mapping[str, Any] = request.body if isinstance(request.body, dict) else {}
        what = body.get("CmdletInput", {}).get("CmdletName") or request.url.partition("/v1.0/")[2].partition("?")[0]
        self.sent[f"{request.method} {what.partition('/')[0]}"] += len(body.get("requests", "1"))
        return super().send(service, request, *judge)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--federations", type=int, default=40)
    options.add_argument("--mailboxes", type=int, default=50)
    size = options.parse_args()
    figures: dict[str, Any] = {}
    for suffix, trouble in (("", 0.0), ("_with_faults", TROUBLE)):
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder), size.federations, size.mailboxes, trouble)
        figures |= {f"{name}{suffix}": value for name, value in found.items()}
    print(json.dumps(figures))


def measure(folder: Path, federations: int, mailboxes: int, trouble: float) -> dict[str, Any]:
    zone: dict[tuple[str, str], list[str]] = {}
    server = TenantServer(
        folder,
        resolve=lambda name, kind: zone.get((name, kind), []),
        options=TenantOptions(
            seats={"E1": federations * mailboxes + 100, "E3": 100},
            profile=Profile("bench", Delays(mailbox=PROVISIONING, listing=15, user_of_shared_mailbox=30), quotas=True),
            flow=lambda: 0.0,
        ),
    )
    server.start()
    clock = LeapingClock(server)
    provider = connect(server, clock)
    domains = [f"spf{number:03d}.example" for number in range(federations)]
    for domain in domains:
        prepare(provider, domain, zone)
    with requests.Session() as portal:
        portal.trust_env = False
        wish = {"switches": {"trouble": trouble}}
        portal.post(f"{server.control}/behaviour", json=wish, verify=str(server.ca_file), timeout=10).raise_for_status()
    orders = [order(domain, number) for domain in domains for number in range(mailboxes)]
    Counted.sent.clear()
    began, started = clock.now(), time.monotonic()
    with Crew(clock) as crew:
        for end in [crew.start("mailbox", provider.in_steps.create(order)) for order in orders]:
            end.result()
    found = report(orders, (clock.now() - began) / dt.timedelta(seconds=1), time.monotonic() - started, trouble)
    server.stop()
    return found


def connect(server: TenantServer, clock: LeapingClock) -> Provider:
    settings = Settings(
        tenant=Tenant(
            id=server.tenant_id,
            initial_domain=server.initial_domain,
            client_id=server.client_id,
            authority=server.url,
            graph=server.url,
            exchange=server.url,
            ca_file=server.ca_file,
            copier_principal=server.copier_principal,
        ),
        dns=DnsServer(host="127.0.0.1", key_name="bench"),
        legacy={},
    )
    return microsoft_provider(
        settings,
        Registration(server.client_secret),
        clock,
        lambda account, _names: Sealed("0" * 16, f"Bench-{account.key[::-1]}-1"),
        transport=Counted,
    )


def prepare(provider: Provider, domain: str, zone: dict[tuple[str, str], list[str]]) -> None:
    slug = domain.partition(".")[0]
    added = provider.writer.create(Order(Address(slug, "domain", domain), None, {"root": domain}, frozenset()))
    proof = added.outputs["verification_txt"]
    zone[domain, "TXT"] = list(proof) if isinstance(proof, tuple) else []
    services: dict[str, Value] = {"verified": True, "services": ("Email",), "accepted": True}
    provider.writer.create(Order(Address(slug, "domain_verification", domain), None, services, frozenset(services)))


def order(domain: str, number: int) -> Order:
    """Seven people, each with an alias, for three shared mailboxes."""
    shared = number % 10 < SHARED_OF_TEN
    key = f"{'boite' if shared else 'prenom.nom'}{number}@{domain}"
    fields: dict[str, Value] = {
        "licence": "shared" if shared else "E1",
        "display_name": f"Nom {number}",
        "aliases": (f"alias{number}@{domain}",),
    }
    if shared:
        fields |= {"sign_in": False, "sent_copies": True}
    return Order(Address(domain.partition(".")[0], "mailbox", key), None, fields, frozenset(fields))


def report(orders: list[Order], virtual: float, real: float, trouble: float) -> dict[str, Any]:
    shared = sum(order.fields["licence"] == "shared" for order in orders)
    people = len(orders) - shared
    # A person: account, licence, alias. A shared mailbox: itself, its account blocked and marked, its settings. And
    # each of the tenant's four lists once: accounts, mailboxes, subscriptions, deleted accounts.
    floor_requests = 3 * len(orders) + 2 * (len(orders) // 1000 + 1) + 2
    # What must be written before the last licence is given; all else is written while its mailbox is on its way.
    floor_virtual = PROVISIONING + max(0.0, (2 * people - BURST) / RATE)
    requests = Counted.sent.total()
    print(f"with trouble in {trouble:.1%} of the requests:" if trouble else "without trouble:")
    for what, count in Counted.sent.most_common():
        print(f"{count:7d}  {what}")
    print(
        f"{requests} requests, the least is {floor_requests}; {virtual:.0f} virtual s, the least is {floor_virtual:.0f}"
    )
    return {
        "mailboxes": len(orders),
        "requests": requests,
        "requests_floor": floor_requests,
        "requests_over_floor": round(requests / floor_requests, 3),
        "virtual_s": round(virtual),
        "virtual_s_floor": round(floor_virtual),
        "virtual_s_over_floor": round(virtual / floor_virtual, 3),
        "real_s": round(real, 1),
    }


if __name__ == "__main__":
    main()
