"""The outside world of the benchmark, in a process of its own: a tenant that already is what the YAML asks, and DNS.

``python -m bench.engine.tenant PROJECT SECONDS`` fills both from the project's federations and writes
``reconcile.toml``, the state of an earlier apply and the list of copies. It says when it is ready, with the client
secret, in a line of JSON, and answers each line of standard input with the number of requests since the last one, by
purpose. Every answer over HTTPS is ``SECONDS`` late; requests wait side by side.
"""

from __future__ import annotations

import base64
import collections
import datetime as dt
import gc
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from bench.engine.filling import fill

from reconcile.clock import SystemClock
from reconcile.config.load import load_federations
from reconcile.config.settings.load import load_settings
from reconcile.config.settings.settings import Settings
from reconcile.mailcopy.queue.jobs import JobList
from reconcile.passwords.vault import Sealed
from reconcile.providers.base import Order, Reader, Scope, Wanted, Writer
from reconcile.providers.microsoft.provider import microsoft_provider
from reconcile.providers.microsoft.wire.auth import Registration
from reconcile.resources.address import Address
from reconcile.resources.desired.federations import compile_federations, declared_domains
from reconcile.resources.resource import Desired, Live, Reference, Value
from reconcile.sandbox.dns.server import DnsServer
from reconcile.sandbox.tenant.https.web import Answer, Request
from reconcile.sandbox.tenant.server import TenantOptions, TenantServer
from reconcile.sandbox.tenant.world.world import World
from reconcile.state.snapshot.snapshot import Record, Snapshot
from reconcile.state.stores.folder import FolderStore

DNS_SECRET = base64.b64encode(b"bench").decode()
_KEY = ("bench.", "hmac-sha256")
#: The people whose job title the world changed since the last apply: one in each federation.
_DRIFTED = "prenom0.nom0@"
#: Not read back while the world is filled: not in the tenant, or made after the zones.
_BESIDE = frozenset({"dns", "copy", "dkim", "dkim_signing"})


class _Impatient(SystemClock):
    """Waits for nothing: the tenant is calm, and what is written in it is there."""

    def sleep(self, seconds: float) -> None:
        """Not at all."""


class FarTenant(TenantServer):
    """A tenant far away. ``delay``: seconds before each answer; ``asked``: the requests so far, by purpose; ``dns``:
    what its verifier sees."""

    dns: DnsServer

    def __init__(self, folder: Path, first_day: Callable[[World], object]) -> None:
        self.delay = 0.0
        self.asked: collections.Counter[str] = collections.Counter()
        seats = {"E1": 100_000, "E3": 100_000}
        options = TenantOptions(seats=seats, first_day=first_day)
        super().__init__(folder, resolve=self._look_up, options=options)

    def _look_up(self, name: str, kind: str) -> Sequence[str]:
        return self.dns.resolve(name, kind)

    def _answer(self, request: Request) -> Answer:
        self.asked[_purpose(request)] += 1
        time.sleep(self.delay)
        return super()._answer(request)


def _purpose(request: Request) -> str:
    """The cmdlet, the collection of Graph's, or signing in."""
    if request.segments[0] == "v1.0":
        return "/".join(("graph", *request.segments[1:2]))
    if request.segments[0] != "adminapi":
        return "sign-in"
    if "x-cmdletname" in request.headers:
        return request.headers["x-cmdletname"]
    first = json.loads(request.body)["requests"][0]
    return f"$batch {first['body']['CmdletInput']['CmdletName']}"


def serve(project: Path, delay: float) -> None:
    """Be the world until standard input ends."""
    federations = load_federations(project / "federations").select(())
    desired = compile_federations(federations, _reached_at(project), dt.datetime.now(dt.UTC))
    with tempfile.TemporaryDirectory() as folder:
        worlds: list[World] = []
        tenant = FarTenant(Path(folder), lambda world: (fill(world, desired), worlds.append(world)))
        tenant.start()
        domains = declared_domains(federations)
        provider = microsoft_provider(
            _reached_at(project, tenant),
            Registration(tenant.client_secret),
            _Impatient(),
            lambda *_: Sealed("0" * 16, "Tailler-banc-essai-0"),
        )
        observed = _create(provider.writer, desired, "dkim")
        observed |= _seen(provider.reader, [one for one in desired if one.address.kind not in _BESIDE], domains)
        tenant.dns = DnsServer(_zones(desired, observed, domains), {_KEY[0]: (DNS_SECRET, _KEY[1])})
        tenant.dns.start()
        observed |= _create(provider.writer, desired, "dkim_signing")
        _reached_at(project, tenant, tenant.dns.port)
        _record(project, desired, observed)
        _queue_copies(project, desired)
        _drift(worlds[0])
        tenant.delay = delay
        tenant.asked.clear()
        gc.freeze()
        _say({"ready": True, "secret": tenant.client_secret})
        for _ in sys.stdin:
            _say(tenant.asked)
            tenant.asked.clear()
        tenant.stop()
        tenant.dns.stop()


def _reached_at(project: Path, tenant: TenantServer | None = None, dns_port: int = 53) -> Settings:
    """Write reconcile.toml and read it."""
    tables: dict[str, dict[str, str | int]] = {
        "tenant": {
            "id": tenant.tenant_id if tenant else "-",
            "initial_domain": tenant.initial_domain if tenant else "-",
            "client_id": tenant.client_id if tenant else "-",
            "copier_principal": tenant.copier_principal if tenant else "-",
            **(dict.fromkeys(("authority", "graph", "exchange"), tenant.url) if tenant else {}),
            **({"ca_file": str(tenant.ca_file)} if tenant else {}),
        },
        "dns": {"host": "127.0.0.1", "port": dns_port, "key_name": _KEY[0], "key_algorithm": _KEY[1]},
        "legacy.mutualise": {"host": "127.0.0.1", "master_user": "copieur"},
        "legacy.mutualise.lock": {"impossible": "there is no old host here"},
    }
    path = project / "reconcile.toml"
    lines = [
        f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
        for name, table in tables.items()
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return load_settings([path])


def _create(writer: Writer, desired: Sequence[Desired], kind: str) -> dict[Address, Live]:
    """What only the service itself can make up, by the tool's own writer."""
    orders = [
        Order(one.address, None, one.fields, frozenset(one.fields)) for one in desired if one.address.kind == kind
    ]  # type: ignore[arg-type]
    return {order.address: writer.create(order) for order in orders}


def _seen(reader: Reader, desired: Sequence[Desired], domains: Mapping[str, str]) -> dict[Address, Live]:
    """What the tenant shows of the resources, as the tool reads it. Raises RuntimeError for what it does not show."""
    observed = reader.observe(Scope([Wanted(one.address, one) for one in desired], domains)).observed
    lives = {address: shown for address, shown in observed.items() if isinstance(shown, Live)}
    for address, shown in observed.items():
        if address not in lives:
            raise RuntimeError(f"the tenant was not filled: {address} is {shown}")
    return lives


def _resolved(value: Value | Reference, observed: Mapping[Address, Live]) -> Value:
    return observed[value.address].referable[value.output] if isinstance(value, Reference) else value


def _zones(desired: Sequence[Desired], observed: Mapping[Address, Live], domains: Mapping[str, str]) -> dict[str, str]:
    """Master files in which every record is as the YAML asks."""
    zones = {
        domain: [f"$TTL 3600\n@ SOA ns1.{domain}. host.{domain}. 1 7200 3600 1209600 300\n@ NS ns1.{domain}."]
        for domain in domains
    }
    for resource in desired:
        if resource.address.kind != "dns":
            continue
        name, kind, *part = resource.address.key.split("/")
        zone = zones[max((origin for origin in zones if name.endswith(origin)), key=len)]
        for value in resource.fields.values():
            items = _resolved(value, observed)
            if not isinstance(items, tuple):
                continue  # a life, or something that must not be there: the zone is so from the start
            if part == ["spf"]:
                items = ("v=spf1 " + " ".join(f"include:{item}" for item in items) + " -all",)
            quote = '"' if kind == "TXT" else ""
            zone += [f"{name}. {kind} {quote}{item}{quote}" for item in items]
    return {origin: "\n".join(lines) + "\n" for origin, lines in zones.items()}


def _record(project: Path, desired: Sequence[Desired], observed: Mapping[Address, Live]) -> None:
    """The state as an apply would have left it."""
    at = SystemClock().now().isoformat(timespec="seconds")
    records: dict[str, dict[Address, Record]] = {}
    for resource in desired:
        live = observed.get(resource.address)
        fields = {name: _resolved(value, observed) for name, value in resource.fields.items()}
        records.setdefault(resource.address.federation, {})[resource.address] = Record(
            resource.address, live.identity if live else "", fields, "bench", "bench", at,
            outputs=live.outputs if live else {},
        )  # fmt: skip
    store = FolderStore(project / "spfstate")
    for slug, kept in records.items():
        store.write(Snapshot(slug, "bench", records=kept))


def _queue_copies(project: Path, desired: Sequence[Desired]) -> None:
    """Every copy asked for, none begun: in one transaction, for the list itself makes one of each."""
    path = project / "spfstate" / "copies" / "queue.sqlite"
    copies = [one for one in desired if one.address.kind == "copy"]
    first = {name: str(copies[0].fields[name]) for name in ("source", "login", "destination", "folder")}
    JobList.in_file(path, SystemClock()).enqueue(str(copies[0].address), **first)
    with sqlite3.connect(path) as database:
        database.executemany(
            "INSERT OR IGNORE INTO job(key, source, login, destination, folder) VALUES(?,?,?,?,?)",
            [
                (str(one.address), *(one.fields[name] for name in ("source", "login", "destination", "folder")))
                for one in copies
            ],
        )


def _drift(world: World) -> None:
    """Somebody changed one person of each federation by hand."""
    for user in world.users.values():
        if user.upn.startswith(_DRIFTED):
            user.values["jobTitle"] = "Trésorier"


def _say(what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), float(sys.argv[2]))
