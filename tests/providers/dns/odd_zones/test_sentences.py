"""Sentences of the checks and of errors that must be true."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import dns.update
import pytest
from tests.providers.dns.checks.test_survey import findings
from tests.providers.dns.servers import SECRET, Server, change
from tests.providers.dns.world import ORDINARY, settings_of, zone_on

from reconcile.clock import SystemClock
from reconcile.providers.base import ABSENT, Live, Weight
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.provider import signing_primary
from reconcile.providers.dns.records.dkim import dkim_key
from reconcile.providers.dns.records.dmarc import dmarc_policy, is_dmarc

WITHOUT_MX = "\n".join(line for line in ORDINARY.splitlines() if " MX " not in line) + "\n"


def test_no_mx_but_an_address_is_an_implicit_mx(server: Server) -> None:
    world = zone_on(server, WITHOUT_MX)
    assert findings(world, "mx") == [
        (Weight.WARNS, f"{world.origin} has no MX: its mail goes to its own address, 192.0.2.10 (implicit MX).")
    ]


def test_no_mx_and_no_address_receives_no_mail(server: Server) -> None:
    world = zone_on(server, WITHOUT_MX.replace("@ IN A 192.0.2.10\n", ""))
    assert findings(world, "mx") == [
        (Weight.WARNS, f"{world.origin} has no MX and no address: it receives no mail today.")
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("v=DKIM1; k=rsa; p=MIGf", "MIGf"),
        ("p=MIGf", "MIGf"),
        ("v=DKIM1; p = MI Gf ;", "MIGf"),
        ("v=DKIM1; p=", ""),
        ("v=DKIM1; k=rsa; p=; t=s", ""),
        ("v=DKIM1; k=rsa", None),
        ("v=spf1 -all p=x", None),
    ],
)
def test_a_dkim_key_is_held_revoked_or_not_there(text: str, key: str | None) -> None:
    assert dkim_key(text) == key


def test_a_revoked_key_is_told_as_that(server: Server) -> None:
    world = zone_on(server, ORDINARY)
    change(world.port, world.origin, add=["selector1._domainkey 3600 CNAME key", 'key 3600 TXT "v=DKIM1; p="'])
    ((weight, sentence),) = findings(world, "dkim")
    assert weight is Weight.BLOCKS
    assert "revoked key (empty p=)" in sentence


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("v=DMARC1; p=none", "none"),
        ("v = DMARC1 ; P = Reject", "reject"),
        ("v=DMARC1; rua=mailto:a@b.example", ""),
        ("v=DMARC1; p=monitor", ""),
    ],
)
def test_a_policy_receivers_ignore_is_no_policy(text: str, policy: str) -> None:
    assert is_dmarc(text)
    assert dmarc_policy(text) == policy


@pytest.mark.parametrize("text", ["v=dmarc1; p=reject", "v=DMARC10; p=reject", "p=reject; v=DMARC1", "dmarc"])
def test_a_text_that_is_no_dmarc_record_leaves_the_name_without_one(server: Server, text: str) -> None:
    world = zone_on(server, ORDINARY)
    change(world.port, world.origin, add=[f'_dmarc 3600 TXT "{text}"'])
    assert world.see("_dmarc TXT/dmarc") == ABSENT
    live = world.put("_dmarc TXT/dmarc", contains=("v=DMARC1",))
    assert live.context["record"] == "v=DMARC1; p=none"
    assert findings(world, "dmarc") == [(Weight.FINE, "The DMARC policy is none.")]


def test_an_srv_record_that_says_no_such_service_is_no_leftover(server: Server) -> None:
    world = zone_on(server, ORDINARY)
    change(
        world.port, world.origin, add=["_imaps._tcp 3600 SRV 0 0 0 .", "_submission._tcp 3600 SRV 0 1 587 o.example."]
    )
    ((_, sentence),) = findings(world, "leftovers")
    assert "_submission._tcp" in sentence


def test_an_mx_that_is_an_alias_and_one_that_stands_twice_are_told(server: Server) -> None:
    more = "mail 3600 IN CNAME ns1\n@ 86400 IN MX 5 mail\n@ 86400 IN MX 30 mx1.oldhost.example.\n"
    world = zone_on(server, ORDINARY + more)
    sentences = [sentence for weight, sentence in findings(world, "mx") if weight is Weight.WARNS]
    assert any(f"The MX mail.{world.origin} is an alias (CNAME) of ns1.{world.origin}." in one for one in sentences)
    assert f"The MX mx1.oldhost.example stands in 2 records of {world.origin}." in sentences
    assert isinstance(world.see("MX"), Live)


@pytest.mark.parametrize("signed", [True, False])
def test_a_server_without_dynamic_update_is_told_as_that(signed: bool) -> None:
    with answering_notimp() as port:
        primary = signing_primary(settings_of(port), SECRET, SystemClock()) if signed else Primary("127.0.0.1", port)
        (problem,) = primary.update([dns.update.UpdateMessage("spf55.example")])
    assert getattr(problem, "code", "") == "DNS24"
    assert "takes no dynamic updates" in str(problem)


@contextlib.contextmanager
def answering_notimp() -> Iterator[int]:
    """What NSD answers to an update: the header alone, unsigned."""

    def serve() -> None:
        with contextlib.suppress(OSError):
            connection, _ = listening.accept()
            with connection:
                query = connection.recv(65535)[2:]
                reply = query[:2] + bytes([query[2] | 0x80, 4]) + bytes(8)
                connection.sendall(len(reply).to_bytes(2, "big") + reply)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(5)
