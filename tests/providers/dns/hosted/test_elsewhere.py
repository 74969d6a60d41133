"""``plan``, ``apply`` and ``dns undo`` on zones no primary of ours holds: at Gandi, at OVH, in somebody's hands."""

from __future__ import annotations

import re
from collections.abc import Callable

import dns.query
import dns.update
import pytest
import responses
from tests.providers.dns.elsewhere import DOMAIN, TOKEN, Elsewhere, at_gandi, at_ovh, kept
from tests.providers.dns.hosts import Host

SECRETS = {
    at_gandi: {"TOKEN": TOKEN},
    at_ovh: {"APPLICATION_KEY": "k", "APPLICATION_SECRET": TOKEN, "CONSUMER_KEY": "c"},
}


@pytest.mark.parametrize("at", [at_gandi, at_ovh])
def test_a_federation_whose_zone_is_hosted_is_moved_and_taken_back(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch, at: Callable[[Elsewhere], Host]
) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        mocked.add_passthru("https://127.0.0.1")
        host = at(elsewhere)
        host.play(mocked)
        before = elsewhere.rows()
        missing = next(iter(SECRETS[at]))
        assert f"set RECONCILE_DNS_MEUSE_{missing}" in elsewhere.run("plan", expect=1)
        for option, value in SECRETS[at].items():
            monkeypatch.setenv(f"RECONCILE_DNS_MEUSE_{option}", value)
        assert "10 mx1.mutualise.example." in elsewhere.run("plan", "--detailed-exitcode", expect=2)
        elsewhere.run("apply", "--yes", expect=0)
        _, mx = elsewhere.rows()["@", "MX"]
        assert len(mx) == 1
        assert mx[0].endswith(".mx.microsoft.")
        assert "Nothing to do" in elsewhere.run("plan", "--detailed-exitcode", expect=0)
        assert "0 left as they are" in elsewhere.run("dns", "undo", "spf55", "--yes", expect=0)
        assert elsewhere.rows() == before


def test_an_address_at_autodiscover_of_a_hosted_zone_is_replaced_and_brought_back(
    elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch
) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        mocked.add_passthru("https://127.0.0.1")
        elsewhere.show(elsewhere.rows() | {("autodiscover", "A"): (300, ["192.0.2.44"])})
        host = at_gandi(elsewhere)
        host.play(mocked)
        monkeypatch.setenv("RECONCILE_DNS_MEUSE_TOKEN", TOKEN)
        assert "autodiscover.spf55.org holds other records (A)" in " ".join(elsewhere.run("plan", expect=1).split())
        with (elsewhere.stage.folder / "reconcile.toml").open("a", encoding="utf-8") as settings:
            settings.write(f'\n[dns.names."autodiscover.{DOMAIN}"]\nreplace = true\n')
        before = elsewhere.rows()
        assert "replaces A 192.0.2.44" in " ".join(elsewhere.run("plan", "--detailed-exitcode", expect=2).split())
        elsewhere.run("apply", "--yes", expect=0)
        assert elsewhere.rows()["autodiscover", "CNAME"][1] == ["autodiscover.outlook.com."]
        assert ("autodiscover", "A") not in elsewhere.rows()
        assert "0 left as they are" in elsewhere.run("dns", "undo", "spf55", "--yes", expect=0)
        assert elsewhere.rows() == before


def test_a_zone_kept_by_hand_is_told_record_by_record_and_then_found_done(elsewhere: Elsewhere) -> None:
    kept(elsewhere, f'[dns.manual.mairie]\nzones = ["{DOMAIN}"]\nhost = "127.0.0.1"\nport = {elsewhere.port}\n')
    rounds = 0
    while instructions := set(re.findall(r"DNS19 .* by hand: (.*)\.$", elsewhere.run("apply", "--yes"), re.MULTILINE)):
        rounds += 1
        assert rounds < 8, instructions
        by_hand(elsewhere, [line for reported in instructions for line in re.split(r"; (?=(?:add|remove) )", reported)])
    assert rounds > 1, "what depends on a record is reported once that record is there"
    assert "Nothing to do" in elsewhere.run("plan", "--detailed-exitcode", expect=0)


def test_a_zone_nobody_says_the_place_of_is_unknown(elsewhere: Elsewhere) -> None:
    kept(elsewhere, "")
    assert "Nothing in reconcile.toml says where the zone" in elsewhere.run("plan", expect=1)


def by_hand(elsewhere: Elsewhere, lines: list[str]) -> None:
    """What a human makes of the instructions."""
    message = dns.update.UpdateMessage(DOMAIN, keyring=elsewhere.key)
    for line in sorted(lines, reverse=True):  # removals first
        what, name, reported = line.split(" ", 2)
        ttl, rdtype, value = re.fullmatch(r"(?:(\d+) )?IN (\S+) (.*)", reported).groups()  # type: ignore[union-attr]
        if what == "remove":
            message.delete(name, rdtype, value)
        else:
            message.add(name, int(ttl), rdtype, value)
    assert dns.query.tcp(message, "127.0.0.1", 5, port=elsewhere.port).rcode() == 0
