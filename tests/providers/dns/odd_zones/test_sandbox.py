"""Odd zones as a postmaster meets them: the commands, on the sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import dns.query
import dns.tsig
import dns.update
import pytest
import responses
from tests.scenarios.stage import Stage

from reconcile.cli.main import cli

DOMAIN = "spf55.org"


class Zone:
    """The federation's zone in a running sandbox, and somebody else's hand in it."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        settings = (stage.folder / ".sandbox" / "settings.toml").read_text(encoding="utf-8")
        found = re.search(r"^\[dns\]$.*?^port = (\d+)$", settings, re.MULTILINE | re.DOTALL)
        assert found is not None
        self.port = int(found[1])
        self.key = dns.tsig.Key("reconcile-sandbox", stage.secret("dns-key"), dns.tsig.HMAC_SHA256)

    def change(self, *, add: tuple[str, ...] = (), delete: tuple[str, ...] = ()) -> None:
        message = dns.update.UpdateMessage(DOMAIN, keyring=self.key)
        for record in delete:
            message.delete(*record.split(" ", 2))
        for record in add:
            message.add(*record.split(" ", 3))
        assert dns.query.tcp(message, "127.0.0.1", 5, port=self.port).rcode() == 0

    def said(self) -> dict[str, str]:
        """What each command says of the zone as it is."""
        commands = {"plan": ("plan",), "rehearse": ("rehearse",), "check": ("dns", "check", "spf55")}
        return {name: " ".join(self.stage.run(*words).said.split()) for name, words in commands.items()}


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zone]:
    stage = Stage.small(tmp_path_factory.mktemp("odd"))
    stage.run("sandbox", "up", expect=0)
    try:
        yield Zone(stage)
    finally:
        stage.run("sandbox", "down")


POLICY = 'dmarc-policy 300 TXT "v=DMARC1; p=reject"'
INPUTS: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    # name: added, deleted, what plan, rehearsal and check all say
    "mta-sts behind an alias": (
        ("_mta-sts 300 CNAME sts", 'sts 300 TXT "v=STSv1; id=1"'),
        (),
        "The MTA-STS policy of spf55.org cannot be read",
    ),
    "spf include gone": (
        ('@ 300 TXT "v=spf1 include:gone.spf55.org -all"',),
        ("@ TXT",),
        "gone.spf55.org has no SPF record",
    ),
    "spf include of itself": (('@ 300 TXT "v=spf1 include:spf55.org -all"',), ("@ TXT",), "spf55.org includes itself"),
    "spf void lookups": (
        ('@ 300 TXT "v=spf1 a:x1.spf55.org a:x2.spf55.org a:x3.spf55.org -all"',),
        ("@ TXT",),
        "3 lookups of the SPF record of spf55.org find nothing",
    ),
    "spf include with two records": (
        (
            '@ 300 TXT "v=spf1 include:two.spf55.org -all"',
            'two 300 TXT "v=spf1 -all"',
            'two 300 TXT "v=spf1 ip4:192.0.2.1 -all"',
        ),
        ("@ TXT",),
        "two.spf55.org has 2 SPF records",
    ),
    "spf include malformed": (
        ('@ 300 TXT "v=spf1 include:bad.spf55.org -all"', 'bad 300 TXT "v=spf1 ip4:192.0.2 -all"'),
        ("@ TXT",),
        "the SPF record of bad.spf55.org is malformed",
    ),
    "spf include in a ring": (
        (
            '@ 300 TXT "v=spf1 include:r1.spf55.org -all"',
            'r1 300 TXT "v=spf1 include:r2.spf55.org -all"',
            'r2 300 TXT "v=spf1 include:r1.spf55.org -all"',
        ),
        ("@ TXT",),
        "r1.spf55.org includes itself",
    ),
    "spf redirect gone": (
        ('@ 300 TXT "v=spf1 redirect=gone.spf55.org"',),
        ("@ TXT",),
        "gone.spf55.org has no SPF record",
    ),
    "over ten MX hosts": (
        (
            '@ 300 TXT "v=spf1 mx:many.spf55.org -all"',
            *(f"many 300 MX {number} m{number}.mutualise.example." for number in range(11)),
        ),
        ("@ TXT",),
        "many.spf55.org has 11 MX hosts, and receivers give up after 10",
    ),
    "a null MX": (("@ 300 MX 0 .",), ("@ MX",), "null MX"),
    "no MX but an address": (("@ 300 A 192.0.2.10",), ("@ MX",), "implicit MX"),
    "an MX that stands twice": (
        ("@ 300 MX 50 mx1.mutualise.example.",),
        (),
        "The MX mx1.mutualise.example stands in 2 records of spf55.org",
    ),
    "a text at a selector": (
        ('selector1._domainkey 300 TXT "v=DKIM1; p=MIGf"',),
        (),
        "holds other records (TXT)",
    ),
    "an IPv6 address at autodiscover": (("autodiscover 300 AAAA 2001:db8::44",), (), "holds other records (AAAA)"),
    "an address at autodiscover": (("autodiscover 300 A 192.0.2.44",), (), "holds other records (A)"),
    "an MX that is an alias": (
        ("mail 300 CNAME www", "@ 300 MX 5 mail.spf55.org."),
        (),
        "The MX mail.spf55.org is an alias (CNAME)",
    ),
}


@pytest.mark.parametrize(("added", "deleted", "sentence"), INPUTS.values(), ids=INPUTS)
def test_the_plan_the_rehearsal_and_the_check_say_it(
    zone: Zone, added: tuple[str, ...], deleted: tuple[str, ...], sentence: str
) -> None:
    zone.change(add=added, delete=deleted)
    try:
        for command, said in zone.said().items():
            assert sentence in said, (command, said)
    finally:
        names = [record.split(" ") for record in added if not record.startswith("@")]
        zone.change(delete=tuple(f"{words[0]} {words[2]}" for words in names))
        zone.change(delete=("@ MX", "@ TXT", "@ A"))
        old = ("@ 3600 MX 10 mx1.mutualise.example.", '@ 3600 TXT "v=spf1 include:_spf.mutualise.example ~all"')
        zone.change(add=old)


def test_a_policy_behind_an_alias_leaves_nothing_to_do(zone: Zone) -> None:
    zone.change(delete=("_dmarc TXT",))
    zone.change(add=("_dmarc 300 CNAME dmarc-policy", POLICY))
    said = zone.said()
    zone.change(delete=("_dmarc CNAME", "dmarc-policy TXT"))
    assert "_dmarc" not in said["plan"]
    assert "The DMARC policy is reject." in said["check"]


def test_what_a_wildcard_answers_is_created_beside_it(zone: Zone) -> None:
    zone.change(delete=("_dmarc TXT",), add=('* 300 TXT "v=spf1 -all"',))
    planned = zone.said()["plan"]
    zone.change(delete=("* TXT",))
    assert "create _dmarc.spf55.org/TXT/dmarc" in planned


def test_a_policy_is_judged_by_the_mx_the_tenant_has_assigned(
    zone: Zone, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    zone.stage.run("apply", "--yes", "--target", "spf55/domain_verification/*")
    zone.change(add=('_mta-sts 300 TXT "v=STSv1; id=1"',))
    for name, value in zone.stage.environment({}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(zone.stage.folder)

    def checked(pattern: str) -> str:
        policy = f"version: STSv1\nmode: enforce\nmx: {pattern}\nmax_age: 604800\n"
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
            mocked.add_passthru("https://127.0.0.1")
            mocked.get("https://mta-sts.spf55.org/.well-known/mta-sts.txt", body=policy)
            cli.main(args=["dns", "check", "spf55"], prog_name="reconcile", standalone_mode=False)
        (line,) = [line for line in capfd.readouterr().out.splitlines() if " mta-sts " in line]
        return line.strip()

    for pattern in ("*.mail.protection.outlook.com", "*.mx.microsoft"):
        assert checked(pattern).startswith("blocks"), pattern
    (host,) = re.findall(r"spf55-org\.[a-z0-9-]+\.mx\.microsoft", checked("*.oldhost.example"))
    assert checked(f"*.{host.partition('.')[2]}").startswith("fine")
    zone.change(delete=("_mta-sts TXT",))


def test_an_address_at_autodiscover_is_replaced_where_the_settings_say_so_and_brought_back(tmp_path: Path) -> None:
    stage = Stage.small(tmp_path)
    with (tmp_path / "reconcile.toml").open("a", encoding="utf-8") as settings:
        settings.write(f'\n[dns.names."autodiscover.{DOMAIN}"]\nreplace = true\n')
    stage.run("sandbox", "up", expect=0)
    try:
        zone = Zone(stage)
        zone.change(add=("autodiscover 300 A 192.0.2.44",))
        assert "autodiscover: our alias takes" in zone.said()["rehearse"].replace(f".{DOMAIN}", "")
        stage.run("apply", "--yes", expect=0)
        assert "autodiscover.outlook.com" in stage.run("state", "show", f"spf55/dns/autodiscover.{DOMAIN}/CNAME").said
        stage.run("plan", "--detailed-exitcode", expect=0)
        undone = stage.run("dns", "undo", "spf55", "--only", "autodiscover*", "--yes", expect=0)
        assert "+ 192.0.2.44" in undone.out
        assert "holds other records" not in stage.run("dns", "check", "spf55").said
    finally:
        stage.run("sandbox", "down")
