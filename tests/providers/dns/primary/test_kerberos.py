"""GSS-TSIG against BIND and a KDC of our own: a ticket signs updates, and nobody else's does."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.ports import free_port
from tests.providers.dns.servers import KEY_NAME, Bind, Server, running
from tests.providers.dns.world import ORDINARY, World, zone_on

from reconcile.clock import SystemClock
from reconcile.config.settings.tables.dns import DnsServer
from reconcile.problem import Problem
from reconcile.providers.dns.provider import dns_provider

pytestmark = pytest.mark.kerberos

REALM = "SPF.TEST"
SERVICE = "DNS@ns1.spf.test"
MX = ("0 spf55-org.o-v1.mx.microsoft.",)


class Kdc:
    """A realm with the name server, somebody it trusts and somebody it does not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        (folder / "krb5.conf").write_text(
            f"""\
[libdefaults]
    default_realm = {REALM}
    dns_lookup_kdc = false
    dns_canonicalize_hostname = false
    rdns = false
[realms]
    {REALM} = {{
        kdc = 127.0.0.1:{self.port}
    }}
[domain_realm]
    .spf.test = {REALM}
"""
        )
        (folder / "kdc.conf").write_text(
            f"""\
[kdcdefaults]
    kdc_listen = 127.0.0.1:{self.port}
    kdc_tcp_listen = 127.0.0.1:{self.port}
[realms]
    {REALM} = {{
        database_name = {folder}/principal
        key_stash_file = {folder}/stash
        acl_file = {folder}/acl
    }}
"""
        )
        self.environment = {
            **os.environ,
            "KRB5_CONFIG": str(folder / "krb5.conf"),
            "KRB5_KDC_PROFILE": str(folder / "kdc.conf"),
        }
        self._call("kdb5_util", "create", "-s", "-r", REALM, "-P", "of no importance")
        for principal, keytab in (("DNS/ns1.spf.test", "server"), ("reconcile", "ours"), ("stranger", "theirs")):
            self._call("kadmin.local", "-r", REALM, "-q", f"addprinc -randkey {principal}")
            self._call("kadmin.local", "-r", REALM, "-q", f"ktadd -k {folder}/{keytab}.keytab {principal}")
        self._server = subprocess.Popen([_binary("krb5kdc"), "-n"], env=self.environment, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait()

    def _call(self, program: str, *words: str) -> None:
        done = subprocess.run([_binary(program), *words], env=self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def _binary(program: str) -> str:
    found = shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert found, f"{program} is missing: make test-kerberos installs it"
    return found


class KerberosBind(Bind):
    """BIND that lets ``reconcile@SPF.TEST`` update its zones."""

    def configure(self) -> None:
        super().configure()
        file = self.folder / "named.conf"
        text = file.read_text().replace("options {", f'options {{ tkey-gssapi-keytab "{self.folder}/server.keytab";')
        policy = f'update-policy {{ grant "reconcile@{REALM}" zonesub ANY; grant {KEY_NAME} zonesub ANY; }};'
        file.write_text(text.replace(f"allow-update {{ key {KEY_NAME}; }};", policy))

    def command(self) -> Sequence[str]:
        return ["/usr/bin/env", f"KRB5_CONFIG={self.folder}/krb5.conf", *super().command()]


@pytest.fixture(scope="module")
def kdc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kdc]:
    kdc = Kdc(tmp_path_factory.mktemp("kdc"))
    try:
        yield kdc
    finally:
        kdc.stop()


@pytest.fixture(scope="module")
def trusting(kdc: Kdc) -> Iterator[Server]:
    with running(KerberosBind, kdc.folder) as server:
        yield server


@pytest.fixture
def zone(kdc: Kdc, trusting: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A zone whose provider signs with whatever ticket the environment leads to."""
    monkeypatch.setenv("KRB5_CONFIG", kdc.environment["KRB5_CONFIG"])
    monkeypatch.setenv("KRB5CCNAME", f"FILE:{kdc.folder}/tickets")
    world = zone_on(trusting, ORDINARY)
    resolvers = (f"127.0.0.1:{world.port}",)
    settings = DnsServer(
        host="127.0.0.1", port=world.port, key_name=SERVICE, key_algorithm="gss-tsig", resolvers=resolvers
    )
    yield dataclasses.replace(world, provider=dns_provider(settings, "", SystemClock()))
    (kdc.folder / "tickets").unlink(missing_ok=True)


def test_a_ticket_signs_one_update_after_another(kdc: Kdc, zone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRB5_CLIENT_KTNAME", f"{kdc.folder}/ours.keytab")
    assert zone.put("MX", values=MX).fields["values"] == MX
    zone.put("TXT/spf", includes=("spf.protection.outlook.com",))
    zone.put("autodiscover CNAME", values=("autodiscover.outlook.com.",))


def test_a_ticket_of_somebody_the_server_does_not_trust_changes_nothing(
    kdc: Kdc, zone: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KRB5_CLIENT_KTNAME", f"{kdc.folder}/theirs.keytab")
    before = zone.see("MX")
    with pytest.raises(Problem) as refusal:
        zone.put("MX", values=MX)
    assert refusal.value.code == "DNS05"
    assert zone.see("MX") == before


def test_without_a_ticket_it_is_said_what_is_missing(zone: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KRB5_CLIENT_KTNAME", "/nowhere")
    with pytest.raises(Problem) as refusal:
        zone.put("MX", values=MX)
    assert refusal.value.code == "DNS21"
    assert "kinit" in refusal.value.hint
