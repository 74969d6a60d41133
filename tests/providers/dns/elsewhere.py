"""A stage whose DNS is reported in reconcile.toml as if it were the live one, beside the sandbox's tenant."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.name
import dns.query
import dns.rdatatype
import dns.tsig
import dns.update
import dns.zone
import pytest
from tests.providers.dns.hosts import Gandi, Host, Ovh
from tests.scenarios.stage import Stage

from reconcile.cli.main import cli
from reconcile.problem import Problem

DOMAIN = "spf55.org"
TOKEN = "not-to-be-seen"
Rows = dict[tuple[str, str], tuple[int, list[str]]]


@dataclasses.dataclass(frozen=True)
class Elsewhere:
    """A stage whose DNS is reported in reconcile.toml; the sandbox's server shows the world what the host publishes."""

    stage: Stage
    port: int
    key: dns.tsig.Key
    say: Callable[[], str]

    def run(self, *words: str, expect: int | None = None) -> str:
        """The command, in this process, held to its exit code when one is expected; all it said."""
        try:
            code = cli.main(args=list(words), prog_name="reconcile", standalone_mode=False)
        except Problem as problem:
            code, said = problem.exit_code, f"{problem.code} {problem.message} {problem.hint}"
        else:
            said = ""
        said += self.say()
        assert expect in (None, code), said
        assert TOKEN not in said
        return said

    def rows(self) -> Rows:
        """What the world is shown."""
        zone = dns.zone.Zone(dns.name.from_text(DOMAIN), relativize=True)
        query = dns.message.make_query(DOMAIN, dns.rdatatype.AXFR)
        query.use_tsig(self.key)
        dns.query.inbound_xfr("127.0.0.1", zone, query, port=self.port)
        return {
            (name.to_text(), dns.rdatatype.to_text(rdataset.rdtype)): (
                rdataset.ttl,
                sorted(rdata.to_text(origin=zone.origin, relativize=False) for rdata in rdataset),
            )
            for name, rdataset in zone.iterate_rdatasets()
            if rdataset.rdtype not in (dns.rdatatype.SOA, dns.rdatatype.NS)
        }

    def show(self, wanted: Rows) -> None:
        """Make the world see these records."""
        shown = self.rows()
        message = dns.update.UpdateMessage(DOMAIN, keyring=self.key)
        for (name, rdtype), _ in self._differing(shown, wanted):
            message.delete(name, rdtype)
        for (name, rdtype), (ttl, values) in self._differing(wanted, shown):
            for value in values:
                message.add(name, ttl, rdtype, value)
        assert dns.query.tcp(message, "127.0.0.1", 5, port=self.port).rcode() == 0

    @staticmethod
    def _differing(these: Rows, those: Rows) -> list[tuple[tuple[str, str], tuple[int, list[str]]]]:
        return [(key, row) for key, row in these.items() if those.get(key) != row]


def elsewhere_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Elsewhere]:
    stage = Stage.small(tmp_path)
    stage.run("sandbox", "up", expect=0)
    try:
        settings = (tmp_path / ".sandbox" / "settings.toml").read_text(encoding="utf-8")
        reported = re.search(r"^\[dns\]$.*?^port = (\d+)$", settings, re.MULTILINE | re.DOTALL)
        assert reported is not None
        port = int(reported[1])
        key = dns.tsig.Key("reconcile-sandbox", stage.secret("dns-key"), dns.tsig.HMAC_SHA256)
        # The world of the sandbox, reported as if it were the live one, but for the zones of this network.
        world, _, rest = settings.replace('"secrets/', '".sandbox/secrets/').partition("[dns]")
        rest = rest[rest.index("[legacy") :]
        (tmp_path / "reconcile.toml").write_text(
            f'{world}[dns]\nresolvers = ["127.0.0.1:{port}"]\n\nDNS HERE\n{rest}\n'
            '[legacy.mutualise.logins]\nspf55 = ["k0412"]\n',
            encoding="utf-8",
        )
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "160")
        yield Elsewhere(stage, port, key, lambda: "".join(capfd.readouterr()))
    finally:
        stage.run("sandbox", "down")


def kept(elsewhere: Elsewhere, table: str) -> None:
    """Say in reconcile.toml where the zone is."""
    path = elsewhere.stage.folder / "reconcile.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("DNS HERE", table), encoding="utf-8")


def at_gandi(elsewhere: Elsewhere) -> Host:
    kept(elsewhere, f'[dns.hosted.meuse]\nservice = "gandi"\nzones = ["{DOMAIN}"]\n')

    class Shown(Gandi):
        def look(self) -> None:
            super().look()
            elsewhere.show({key: (ttl, sorted(values)) for key, (ttl, values) in self.records.items()})

    return Shown(DOMAIN, elsewhere.rows())


def at_ovh(elsewhere: Elsewhere) -> Host:
    options = 'options = {endpoint = "ovh-eu"}'
    kept(elsewhere, f'[dns.hosted.meuse]\nservice = "ovh"\nzones = ["{DOMAIN}"]\n{options}\n')

    class Shown(Ovh):
        def look(self) -> None:
            super().look()
            rows: Rows = {}
            for name, kind, ttl, target in sorted(self.live):
                rows.setdefault((name or "@", kind), (ttl, []))[1].append(target)
            elsewhere.show(rows)

    return Shown(DOMAIN, ovh_rows(elsewhere.rows()))


def ovh_rows(rows: Rows) -> list[tuple[str, str, int, str]]:
    """The zone as OVH keeps it."""
    return [(name.strip("@"), kind, ttl, one) for (name, kind), (ttl, texts) in rows.items() for one in texts]
