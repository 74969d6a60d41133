"""Authoritative servers started for the tests, on free ports, with nothing kept: and the sandbox's own."""

from __future__ import annotations

import contextlib
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataset
import dns.tsig
import dns.update
import dns.zone
from dns.rdatatype import RdataType
from tests.ports import free_port

from reconcile.sandbox.dns.server import DnsServer

KEY_NAME = "federations-key"
SECRET = "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm"
KEY = dns.tsig.Key(KEY_NAME, SECRET, dns.tsig.HMAC_SHA256)
#: Known to the server, allowed to read, not to change anything.
POWERLESS_NAME = "powerless-key"
POWERLESS_SECRET = "cG93ZXJsZXNzLXNlY3JldC0wMTIzNDU2Nzg5YWJjZGVmZ2g="


class Server(Protocol):
    """One server process. ``add`` gives it a zone and returns when it answers for it."""

    port: int

    def add(self, origin: str, text: str, *, signed: bool = False) -> None: ...


class Process:
    """A server that reads its configuration again on SIGHUP."""

    binary: str
    package: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.zones: dict[str, bool] = {}
        (folder / "db").mkdir()
        self.start()

    def start(self) -> None:
        self.configure()
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=subprocess.STDOUT, cwd=self.folder)
        wait_until(self._answers, f"{self.binary} answers; its log is {self.folder / 'log'}")

    def add(self, origin: str, text: str, *, signed: bool = False) -> None:
        self.add_all({origin: text}, signed=signed)

    def add_all(self, zones: Mapping[str, str], *, signed: bool = False) -> None:
        for origin, text in zones.items():
            (self.folder / f"{origin}.zone").write_text(f"$ORIGIN {origin}.\n{text}", encoding="utf-8")
            self.zones[origin] = signed
        self.configure()
        self.process.send_signal(signal.SIGHUP)
        for origin in zones:
            wait_until(lambda name=origin: self._holds(name, signed=signed), f"{self.binary} holds {origin}")

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")[-1500:]

    def configure(self) -> None: ...

    def command(self) -> Sequence[str]: ...

    def _answers(self) -> bool:
        return self.process.poll() is not None or ask(self.port, "example", "SOA") is not None

    def _holds(self, origin: str, *, signed: bool) -> bool:
        answer = ask(self.port, origin, "DNSKEY" if signed else "SOA")
        return answer is not None and bool(answer.flags & dns.flags.AA) and bool(answer.answer)


class Knot(Process):
    binary = "/usr/sbin/knotd"
    package = "knot"

    def command(self) -> Sequence[str]:
        return [self.binary, "-c", str(self.folder / "knot.conf")]

    def configure(self) -> None:
        zones = "".join(
            f"  - domain: {origin}\n    template: {'signed' if signed else 'default'}\n    file: {origin}.zone\n"
            for origin, signed in self.zones.items()
        )
        (self.folder / "knot.conf").write_text(
            f"""\
server:
    rundir: {self.folder}
    listen: 127.0.0.1@{self.port}
log:
  - target: stderr
    any: warning
database:
    storage: {self.folder}/db
key:
  - id: {KEY_NAME}
    algorithm: hmac-sha256
    secret: {SECRET}
  - id: {POWERLESS_NAME}
    algorithm: hmac-sha256
    secret: {POWERLESS_SECRET}
acl:
  - id: ours
    address: 127.0.0.1
    key: {KEY_NAME}
    action: [update, transfer]
template:
  - id: default
    storage: {self.folder}
    acl: ours
    semantic-checks: off
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: changes
  - id: signed
    storage: {self.folder}
    acl: ours
    dnssec-signing: on
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: changes
zone:
{zones}""",
            encoding="utf-8",
        )


class Bind(Process):
    binary = "/usr/sbin/named"
    package = "bind9"

    def __init__(self, folder: Path) -> None:
        #: The rules of update-policy, by origin; the key may change everything elsewhere.
        self.policies: dict[str, Sequence[str]] = {}
        super().__init__(folder)

    def command(self) -> Sequence[str]:
        return [self.binary, "-g", "-4", "-n", "1", "-c", str(self.folder / "named.conf"), "-p", str(self.port)]

    def configure(self) -> None:
        zones = "".join(
            f"""\
zone "{origin}" {{
    type primary; file "{origin}.zone"; allow-transfer {{ key {KEY_NAME}; }}; check-names ignore;
    {self.granting(origin)} {"dnssec-policy default; inline-signing yes;" if signed else ""}
}};
"""
            for origin, signed in self.zones.items()
        )
        (self.folder / "named.conf").write_text(
            f"""\
key {KEY_NAME} {{ algorithm hmac-sha256; secret "{SECRET}"; }};
key {POWERLESS_NAME} {{ algorithm hmac-sha256; secret "{POWERLESS_SECRET}"; }};
options {{
    directory "{self.folder}"; pid-file none; session-keyfile none; listen-on {{ 127.0.0.1; }};
    recursion no; dnssec-validation no; notify no; minimal-responses yes;
    key-directory "{self.folder}"; managed-keys-directory "{self.folder}";
}};
controls {{ }};
{zones}""",
            encoding="utf-8",
        )

    def granting(self, origin: str) -> str:
        """Who may change what of the zone."""
        if origin not in self.policies:
            return f"allow-update {{ key {KEY_NAME}; }};"
        grants = " ".join(f"grant {KEY_NAME} {rule};" for rule in self.policies[origin])
        return f"update-policy {{ {grants} }};"

    def _holds(self, origin: str, *, signed: bool) -> bool:
        """A zone being signed changes by itself, serial and all, until each key's progress record says it is done."""
        if not signed:
            return super()._holds(origin, signed=False)
        answer = ask(self.port, origin, f"TYPE{_BIND_BOOKKEEPING}")
        progress = [rdata.to_wire() for rrset in answer.answer for rdata in rrset] if answer else []
        return bool(progress) and all(len(octets) == 5 and octets[-1] == 1 for octets in progress)


class Nsd(Process):
    """A server that takes no dynamic updates."""

    binary = "/usr/sbin/nsd"
    package = "nsd"

    def command(self) -> Sequence[str]:
        return [self.binary, "-d", "-c", str(self.folder / "nsd.conf")]

    def configure(self) -> None:
        zones = "".join(
            f'zone:\n  name: "{origin}"\n  zonefile: "{origin}.zone"\n  provide-xfr: 127.0.0.1 {KEY_NAME}\n'
            for origin in self.zones
        )
        (self.folder / "nsd.conf").write_text(
            f"""\
server:
  ip-address: 127.0.0.1@{self.port}
  username: ""
  chroot: ""
  zonesdir: "{self.folder}"
  database: ""
  pidfile: "{self.folder}/nsd.pid"
  xfrdfile: "{self.folder}/db/xfrd.state"
  xfrdir: "{self.folder}/db"
  zonelistfile: "{self.folder}/db/zone.list"
remote-control:
  control-enable: no
key:
  name: {KEY_NAME}
  algorithm: hmac-sha256
  secret: "{SECRET}"
{zones}""",
            encoding="utf-8",
        )

    def add_all(self, zones: Mapping[str, str], *, signed: bool = False) -> None:
        """SIGHUP reads its zone files again, but no new zone: it is started again."""
        assert not signed, "it signs nothing"
        self.stop()
        for origin, text in zones.items():
            (self.folder / f"{origin}.zone").write_text(f"$ORIGIN {origin}.\n{text}", encoding="utf-8")
            self.zones[origin] = False
        self.start()
        for origin in zones:
            wait_until(lambda name=origin: self._holds(name, signed=False), f"{self.binary} holds {origin}")


API_KEY = "not-to-be-seen"


class PowerDns(Process):
    """PowerDNS with its SQLite backend: zones are given to it by pdnsutil, and nothing is cached."""

    binary = "/usr/sbin/pdns_server"
    caches = "zone-cache-refresh-interval=0\ncache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0"
    #: Where its HTTP API answers, to whoever knows API_KEY.
    api_port: int
    package = "pdns-server pdns-backend-sqlite3"

    def command(self) -> Sequence[str]:
        return [self.binary, f"--config-dir={self.folder}"]

    def configure(self) -> None:
        """Once: the server reads its zones from the database."""
        if (self.folder / "pdns.conf").exists():
            return
        self.api_port = free_port()
        database = self.folder / "zones.sqlite3"
        (self.folder / "pdns.conf").write_text(
            f"""\
launch=gsqlite3
gsqlite3-database={database}
gsqlite3-dnssec=yes
local-address=127.0.0.1
local-port={self.port}
webserver=yes
webserver-address=127.0.0.1
webserver-port={self.api_port}
webserver-allow-from=127.0.0.1
api=yes
api-key={API_KEY}
socket-dir={self.folder}
dnsupdate=yes
dname-processing=yes
allow-dnsupdate-from=127.0.0.0/8
allow-axfr-ips=127.0.0.0/8
{self.caches}
receiver-threads=1
distributor-threads=1
daemon=no
guardian=no
write-pid=no
""",
            encoding="utf-8",
        )
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            connection.executescript(Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql").read_text())
        connection.close()
        self._pdnsutil("import-tsig-key", KEY_NAME, "hmac-sha256", SECRET)
        self._pdnsutil("import-tsig-key", POWERLESS_NAME, "hmac-sha256", POWERLESS_SECRET)

    def add(self, origin: str, text: str, *, signed: bool = False) -> None:
        file = self.folder / f"{origin}.zone"
        file.write_text(f"$ORIGIN {origin}.\n{text}", encoding="utf-8")
        self._pdnsutil("load-zone", origin, str(file))
        self._pdnsutil("set-kind", origin, "master")
        self._pdnsutil("set-meta", origin, "TSIG-ALLOW-DNSUPDATE", KEY_NAME)
        self._pdnsutil("set-meta", origin, "TSIG-ALLOW-AXFR", KEY_NAME)
        self._pdnsutil("set-meta", origin, "SOA-EDIT-DNSUPDATE", "INCREASE")
        if signed:
            self._pdnsutil("secure-zone", origin)
        self._pdnsutil("rectify-zone", origin)
        wait_until(lambda: self._holds(origin, signed=signed), f"{self.binary} holds {origin}: {self.log()}")

    def _pdnsutil(self, *words: str) -> None:
        command = ["/usr/bin/pdnsutil", f"--config-dir={self.folder}", *words]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


class CachingPowerDns(PowerDns):
    """As it is installed, caches and all, but for how long a new zone stays unknown to it (five minutes)."""

    caches = "zone-cache-refresh-interval=1"

    def _holds(self, origin: str, *, signed: bool) -> bool:
        # It remembers for a minute that it did not know the zone.
        subprocess.run(
            ["/usr/bin/pdns_control", f"--config-dir={self.folder}", "purge", f"{origin}$"], capture_output=True
        )
        return super()._holds(origin, signed=signed)


class Embedded:
    """The sandbox's own server."""

    def __init__(self) -> None:
        self._server = DnsServer({}, {KEY_NAME: (SECRET, "hmac-sha256")})
        self._server.start()
        self.port = self._server.port

    def add(self, origin: str, text: str, *, signed: bool = False) -> None:
        assert not signed, "the embedded server signs nothing"
        self._server.add_zone(origin, text)

    def stop(self) -> None:
        self._server.stop()


@contextlib.contextmanager
def running(kind: type[Process] | type[Embedded], folder: Path) -> Iterator[Server]:
    """A server of that kind for a while; a clear failure when this machine has none."""
    if issubclass(kind, Embedded):
        server = kind()
        try:
            yield server
        finally:
            server.stop()
        return
    if shutil.which(kind.binary) is None:
        raise AssertionError(f"{kind.binary} is missing: run scripts/setup dev, or apt-get install {kind.package}")
    process = kind(folder)
    try:
        yield process
    finally:
        process.stop()


#: Where BIND keeps, at the apex of a zone it signs, how far it has come.
_BIND_BOOKKEEPING = 65534


def ask(port: int, name: str, rdtype: str) -> dns.message.Message | None:
    query = dns.message.make_query(name, rdtype, flags=0)
    try:
        return dns.query.tcp(query, "127.0.0.1", 1, port=port)
    except (OSError, dns.exception.DNSException, EOFError):
        return None


def transfer(port: int, origin: str) -> dict[tuple[str, RdataType], tuple[int, frozenset[bytes]]]:
    """The whole zone as wire: {(name, type): (TTL, values)}, save what signing and serials move by themselves.

    Host names are in lower case: compression in a transfer does not keep theirs.
    """
    zone = dns.zone.Zone(dns.name.from_text(origin), relativize=False)
    query = dns.message.make_query(origin, RdataType.AXFR)
    query.use_tsig(KEY)
    dns.query.inbound_xfr("127.0.0.1", zone, query, port=port, timeout=10)
    moving = (RdataType.SOA, RdataType.RRSIG, RdataType.NSEC, RdataType.NSEC3)
    return {
        (name.to_text(), rdataset.rdtype): (rdataset.ttl, frozenset(rdata.to_digestable() for rdata in rdataset))
        for name, rdataset in zone.iterate_rdatasets()
        if rdataset.rdtype not in moving and (name, rdataset.rdtype) != (zone.origin, _BIND_BOOKKEEPING)
    }


def change(port: int, origin: str, *, add: Sequence[str] = (), delete: Sequence[str] = ()) -> None:
    """Somebody else's hand: ``name ttl TYPE value`` added, ``name TYPE [value]`` deleted."""
    message = dns.update.UpdateMessage(origin, keyring=KEY)
    for record in delete:
        message.delete(*record.split(" ", 2))
    for record in add:
        message.add(*record.split(" ", 3))
    answer = dns.query.tcp(message, "127.0.0.1", 5, port=port)
    assert answer.rcode() == dns.rcode.NOERROR, answer


def wait_until(true, what: str, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.02)
