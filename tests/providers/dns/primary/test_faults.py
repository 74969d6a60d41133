"""What the postmaster is reported when the server cannot be reached, does not answer or does not agree."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.rcode
import pytest
from tests.ports import free_port
from tests.providers.dns.servers import KEY, POWERLESS_NAME, POWERLESS_SECRET, Knot, PowerDns, Server
from tests.providers.dns.world import ORDINARY, World, provider_of, zone_on

from reconcile.clock import SystemClock
from reconcile.config.settings.tables.dns import DnsServer
from reconcile.problem import Problem
from reconcile.providers.base import InOneGo, Provider, Unknown
from reconcile.providers.dns.checks.resolver import Resolver
from reconcile.providers.dns.primary.client import Primary
from reconcile.providers.dns.primary.update_message import not_journalled
from reconcile.providers.dns.primary.updates import PrimaryStore
from reconcile.providers.dns.provider import dns_provider
from reconcile.providers.dns.reader import DnsReader
from reconcile.providers.dns.writer import DnsWriter

MX = ("0 spf55-org.mail.protection.outlook.com.",)
OTHER_SECRET = "YW5vdGhlci1zZWNyZXQtYWx0b2dldGhlci0wMTIzNDU2Nzg="


def test_a_server_that_is_down_is_named_and_nothing_is_taken_for_absent() -> None:
    provider = provider_of(free_port())
    world = World(None, "spf55.example", provider)
    shown = world.see("MX")
    assert isinstance(shown, Unknown)
    assert "cannot be reached" in shown.reason
    assert "127.0.0.1" in shown.reason
    with pytest.raises(Problem) as problem:
        provider.writer.create(world.order("MX", shown, values=MX))
    assert problem.value.code == "DNS01"


def test_a_server_name_that_does_not_resolve_is_said(world: World) -> None:
    settings = DnsServer(host="nowhere.invalid", key_name="k")
    nowhere = World(world.server, world.origin, dns_provider(settings, OTHER_SECRET, SystemClock()))
    shown = nowhere.see("MX")
    assert isinstance(shown, Unknown)
    assert "nowhere.invalid" in shown.reason


@pytest.mark.parametrize(
    ("name", "secret"), [("federations-key", OTHER_SECRET), ("nobodys-key", OTHER_SECRET)], ids=["secret", "name"]
)
def test_a_key_the_server_does_not_accept_is_named_and_its_secret_is_not(world: World, name: str, secret: str) -> None:
    stranger = World(world.server, world.origin, provider_of(world.port, secret, name))
    with pytest.raises(Problem) as problem:
        stranger.put("MX", values=MX)
    assert problem.value.code == "DNS03"
    assert name in problem.value.message
    assert secret not in repr(stranger.provider) + str(problem.value) + problem.value.hint
    assert world.see("MX").fields["values"] != MX


def test_a_key_without_the_right_to_change_is_told_so(outside_server: Server) -> None:
    world = zone_on(outside_server, ORDINARY)
    powerless = World(world.server, world.origin, provider_of(world.port, POWERLESS_SECRET, POWERLESS_NAME))
    with pytest.raises(Problem) as problem:
        powerless.put("MX", values=MX)
    # Knot says BADKEY of any key that no access rule names.
    assert problem.value.code == ("DNS03" if isinstance(world.server, Knot) else "DNS05")
    assert "allows" in problem.value.hint or "grant" in problem.value.hint


def test_clocks_apart_are_said_plainly(outside_server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    world = zone_on(outside_server, ORDINARY)
    planned = world.see("MX")
    late = time.time() - 3600
    monkeypatch.setattr("dns.message.time.time", lambda: late)
    with pytest.raises(Problem) as problem:
        world.provider.writer.update(world.order("MX", planned, values=MX))
    if isinstance(world.server, PowerDns):
        # It gives no reason for turning a signature down.
        assert problem.value.code == "DNS03"
        assert "clocks" in problem.value.hint
        return
    assert problem.value.code == "DNS04"
    assert "300 s" in problem.value.message


@pytest.mark.parametrize(
    ("secret", "algorithm"), [("not base64!", "hmac-sha256"), ("", "hmac-sha256"), (OTHER_SECRET, "hmac-md5")]
)
def test_a_key_that_cannot_be_used_is_refused_before_anything_is_asked(secret: str, algorithm: str) -> None:
    settings = DnsServer(host="127.0.0.1", key_name="k", key_algorithm=algorithm)
    with pytest.raises(Problem) as problem:
        dns_provider(settings, secret, SystemClock())
    assert problem.value.code == "DNS12"
    assert not secret or secret not in problem.value.message + problem.value.hint


def test_silence_is_unknown() -> None:
    with playing(lambda _: None) as provider:
        shown = World(None, "spf55.example", provider).see("MX")
    assert isinstance(shown, Unknown)
    assert "did not answer" in shown.reason


@pytest.mark.parametrize(
    ("rcode", "flags", "word"),
    [
        (dns.rcode.SERVFAIL, dns.flags.AA, "SERVFAIL"),
        (dns.rcode.REFUSED, 0, "REFUSED"),
        (dns.rcode.NOERROR, 0, "not authoritative"),
        (dns.rcode.NXDOMAIN, 0, "not authoritative"),
        (dns.rcode.NOERROR, dns.flags.AA | dns.flags.TC, "cut"),
    ],
)
def test_an_answer_one_cannot_rely_on_is_unknown(rcode: dns.rcode.Rcode, flags: int, word: str) -> None:
    def answer(query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.set_rcode(rcode)
        response.flags |= flags
        return response

    with playing(answer) as provider:
        shown = World(None, "spf55.example", provider).see("MX")
    assert isinstance(shown, Unknown)
    assert word in shown.reason
    assert "spf55.example" in shown.reason


def test_a_lost_answer_to_a_write_is_settled_by_reading(server: Server) -> None:
    """The update reaches the server, its answer never comes back."""
    world = zone_on(server, ORDINARY)
    with relaying(server.port, swallow_updates=True) as port:
        primary = Primary("127.0.0.1", port, KEY, timeout=0.5)
        live = World(server, world.origin, provider_on(primary)).put("MX", values=MX)
    assert live.fields["values"] == MX


def test_a_server_that_hangs_up_now_and_then_is_read_to_the_end(server: Server) -> None:
    world = zone_on(server, ORDINARY)
    with relaying(server.port, answers_per_call=3) as port:
        through = World(server, world.origin, provider_on(Primary("127.0.0.1", port)))
        names = [f"n{number} MX" for number in range(20)]
        assert not [shown for shown in through.see_all({n: {} for n in names}).values() if isinstance(shown, Unknown)]


@contextlib.contextmanager
def playing(answer: Callable[[dns.message.Message], dns.message.Message | None]) -> Iterator[Provider]:
    """A server that answers as reported, or says nothing."""
    with _listening(lambda stream: _answer_as_told(stream, answer)) as port:
        primary = Primary("127.0.0.1", port, timeout=0.3)
        yield provider_on(primary)


def provider_on(primary: Primary) -> Provider:
    """The provider on a server that is not the one of the settings; its resolver does not answer."""
    nobody = Resolver(primary, [f"127.0.0.1:{free_port()}"], timeout=0.1)
    clock = SystemClock()
    writer = DnsWriter(PrimaryStore(primary, clock, not_journalled), nobody)
    return Provider("dns", DnsReader(primary), InOneGo(writer, clock))


@contextlib.contextmanager
def relaying(to: int, *, swallow_updates: bool = False, answers_per_call: int = 10_000) -> Iterator[int]:
    """A path to a server on which some answers are lost."""

    def relay(stream: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", to)) as onward:
            for _ in range(answers_per_call):
                query = _take(stream)
                onward.sendall(struct.pack("!H", len(query)) + query)
                reply = _take(onward)
                if not (swallow_updates and (query[2] >> 3) & 0xF == 5):
                    stream.sendall(struct.pack("!H", len(reply)) + reply)

    with _listening(relay) as port:
        yield port


@contextlib.contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    nameserver = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while True:
            try:
                stream, _ = nameserver.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(stream,), daemon=True).start()

    def one(stream: socket.socket) -> None:
        with stream, contextlib.suppress(OSError, EOFError):
            serve(stream)

    threading.Thread(target=accept, daemon=True).start()
    with nameserver:
        yield nameserver.getsockname()[1]
        nameserver.shutdown(socket.SHUT_RDWR)


def _answer_as_told(stream: socket.socket, answer: Callable[[dns.message.Message], dns.message.Message | None]) -> None:
    while True:
        response = answer(dns.message.from_wire(_take(stream)))
        if response is not None:
            wire = response.to_wire()
            stream.sendall(struct.pack("!H", len(wire)) + wire)


def _take(stream: socket.socket) -> bytes:
    (length,) = struct.unpack("!H", _exactly(stream, 2))
    return _exactly(stream, length)


def _exactly(stream: socket.socket, size: int) -> bytes:
    octets = b""
    while len(octets) < size:
        chunk = stream.recv(size - len(octets))
        if not chunk:
            raise EOFError
        octets += chunk
    return octets
