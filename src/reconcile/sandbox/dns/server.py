"""The server itself: UDP and TCP on one port, its zones in memory."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Mapping
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rdtypes.ANY.TXT
import dns.tsig
import dns.update

from reconcile.language.phrase import Phrase
from reconcile.problem import Problem
from reconcile.sandbox.dns.lookup import look_up
from reconcile.sandbox.dns.signing import NotAuthentic, verified
from reconcile.sandbox.dns.update import UpdateRefused, updated
from reconcile.sandbox.dns.zone import Name, ZoneVersion

_LOG = logging.getLogger(__name__)

#: Largest UDP answer: what crosses every network unfragmented (DNS flag day 2020).
_UDP_PAYLOAD = 1232
_TCP_PAYLOAD = 65535
_RRSETS_PER_TRANSFER_MESSAGE = 50


class DnsServer:
    """An authoritative primary on loopback. ``zones`` is master-file text by origin; ``keys`` the TSIG secrets.

    Transfers and updates need one of the keys, any of which may write every zone. Nothing is kept on disk.
    """

    def __init__(
        self, zones: Mapping[str, str], keys: Mapping[str, tuple[str, str]], host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self._zones: dict[Name, ZoneVersion] = {}
        for origin, text in zones.items():
            zone = ZoneVersion.from_text(origin, text)
            self._zones[zone.origin] = zone
        named = {dns.name.from_text(name): parts for name, parts in keys.items()}
        self._keyring = {name: dns.tsig.Key(name, secret, algorithm) for name, (secret, algorithm) in named.items()}
        self._host, self._wanted_port = host, port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self.port = port

    def start(self) -> None:
        """Answer from now on. Raises Problem SBX05 when the port is taken."""
        tcp, udp = _bind_both(self._host, self._wanted_port)
        self.port = tcp.getsockname()[1]
        ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, args=(self._loop, tcp, udp, ready), name="sandbox-dns")
        self._thread.daemon = True
        self._thread.start()
        ready.wait()

    def add_zone(self, origin: str, text: str) -> None:
        """Serve one zone more, or this one anew, without a moment's silence about the others."""
        zone = ZoneVersion.from_text(origin, text)
        self._zones[zone.origin] = zone

    def stop(self) -> None:
        """Close both sockets and every connection. Harmless when stopped already."""
        if self._loop is None or self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop = self._thread = None

    def resolve(self, name: str, rdtype: str) -> list[str]:
        """The values a client would find, CNAMEs followed; empty when there is none.

        A TXT is its strings joined; anything else reads as in a master file.
        """
        wanted = dns.rdatatype.from_text(rdtype)
        found = look_up(self._zones, dns.name.from_text(name), wanted).answer
        return [_text(rdata) for rrset in found if rrset.rdtype == wanted for rdata in rrset]

    def _serve(
        self, loop: asyncio.AbstractEventLoop, tcp: socket.socket, udp: socket.socket, ready: threading.Event
    ) -> None:
        async def listen() -> tuple[asyncio.Server, asyncio.DatagramTransport]:
            server = await asyncio.start_server(self._converse, sock=tcp)
            transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), sock=udp)
            return server, transport

        asyncio.set_event_loop(loop)
        server, transport = loop.run_until_complete(listen())
        ready.set()
        loop.run_forever()
        server.close()
        transport.close()
        conversations = asyncio.all_tasks(loop)
        for conversation in conversations:
            conversation.cancel()
        loop.run_until_complete(asyncio.gather(*conversations, return_exceptions=True))
        loop.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One TCP connection: messages behind two-byte lengths, answered in order (RFC 7766 §6.2.1.1, pipelining)."""
        try:
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                for reply in self.replies(await reader.readexactly(length), over_tcp=True):
                    writer.write(len(reply).to_bytes(2, "big") + reply)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def replies(self, wire: bytes, *, over_tcp: bool) -> list[bytes]:
        """What goes back for one arriving message: one message, several for a transfer, none for noise."""
        if len(wire) < 12 or wire[2] & 0x80:
            return []
        try:
            message = verified(wire, self._keyring)
        except NotAuthentic as problem:
            return [problem.reply]
        except (dns.exception.DNSException, ValueError):
            return [_format_error(wire)]
        try:
            if isinstance(message, dns.update.UpdateMessage):
                return [self._update(message)]
            return self._query(message, over_tcp=over_tcp)
        except Exception:
            # A defect here must be seen as one by the client too, not as a server that is gone.
            _LOG.exception("no answer to %s", message.question)
            failure = dns.message.make_response(message)
            failure.set_rcode(dns.rcode.SERVFAIL)
            return [failure.to_wire()]

    def _update(self, message: dns.update.UpdateMessage) -> bytes:
        reply = dns.message.make_response(message)
        zone = self._zones.get(message.zone[0].name) if message.zone else None
        if not message.zone:
            reply.set_rcode(dns.rcode.FORMERR)
        elif zone is None:
            reply.set_rcode(dns.rcode.NOTAUTH)
        elif not message.had_tsig:
            reply.set_rcode(dns.rcode.REFUSED)
        else:
            try:
                self._zones[zone.origin] = updated(zone, message)
            except UpdateRefused as refused:
                reply.set_rcode(refused.rcode)
        return reply.to_wire()

    def _query(self, message: dns.message.Message, *, over_tcp: bool) -> list[bytes]:
        reply = dns.message.make_response(message, our_payload=_UDP_PAYLOAD)
        if message.opcode() != dns.opcode.QUERY:
            reply.set_rcode(dns.rcode.NOTIMP)
            return [reply.to_wire()]
        if len(message.question) != 1:
            reply.set_rcode(dns.rcode.FORMERR)
            return [reply.to_wire()]
        if message.edns > 0:
            reply.set_rcode(dns.rcode.BADVERS)
            return [reply.to_wire()]
        name, rdtype = message.question[0].name, message.question[0].rdtype
        if rdtype in (dns.rdatatype.AXFR, dns.rdatatype.IXFR):
            zone = self._zones.get(name)
            if zone is None or not message.had_tsig or not over_tcp:
                reply.set_rcode(dns.rcode.REFUSED)
                return [reply.to_wire()]
            return _transfer(zone, message)
        found = look_up(self._zones, name, rdtype)
        reply.answer, reply.authority, reply.additional = found.answer, found.authority, found.additional
        reply.set_rcode(found.rcode)
        if found.authoritative:
            reply.flags |= dns.flags.AA
        room = _TCP_PAYLOAD if over_tcp else 512 if message.edns < 0 else min(max(512, message.payload), _UDP_PAYLOAD)
        return [reply.to_wire(max_size=room, prefer_truncation=True)]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for reply in self._server.replies(data, over_tcp=False):
            self._transport.sendto(reply, addr)


def _bind_both(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """One free port for TCP and UDP alike: the kernel chooses for TCP, and UDP must agree."""
    for _ in range(20):
        tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind((host, port))
            tcp.listen(64)
            udp.bind((host, tcp.getsockname()[1]))
        except OSError:
            tcp.close()
            udp.close()
            continue
        return tcp, udp
    raise Problem(
        "SBX05", Phrase("No port on {host} for the sandbox's DNS server.", host=host), "Is another server using it?"
    )


def _transfer(zone: ZoneVersion, question: dns.message.Message) -> list[bytes]:
    """The whole zone between two copies of its SOA (RFC 5936 §2.2), every message signed."""
    rrsets = list(zone.rrsets())
    rrsets.append(rrsets[0])
    wires: list[bytes] = []
    context = None
    for first in range(0, len(rrsets), _RRSETS_PER_TRANSFER_MESSAGE):
        reply = dns.message.make_response(question)
        reply.flags |= dns.flags.AA
        reply.answer = rrsets[first : first + _RRSETS_PER_TRANSFER_MESSAGE]
        wires.append(reply.to_wire(max_size=_TCP_PAYLOAD, multi=True, tsig_ctx=context))
        context = reply.tsig_ctx
    return wires


def _format_error(wire: bytes) -> bytes:
    """A header alone: nothing after it could be understood."""
    flags = 0x8000 | int.from_bytes(wire[2:4], "big") & 0x7900 | dns.rcode.FORMERR
    return wire[:2] + flags.to_bytes(2, "big") + bytes(8)


def _text(rdata: object) -> str:
    if isinstance(rdata, dns.rdtypes.ANY.TXT.TXT):
        return b"".join(rdata.strings).decode("utf-8", "replace")
    return str(rdata)
